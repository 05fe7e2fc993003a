// The command line of `sluice-flash`.
#pragma once

namespace sluice {

int run_flash_cli(int argc, char** argv);

}  // namespace sluice
