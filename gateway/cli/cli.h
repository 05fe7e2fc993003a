// The command line of `sluice`.
#pragma once

namespace sluice {

int run_cli(int argc, char** argv);

}  // namespace sluice
