#include "packaging/flash/cli.h"

int main(int argc, char** argv) { return sluice::run_flash_cli(argc, argv); }
