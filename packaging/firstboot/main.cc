#include <CLI/CLI.hpp>
#include <cstdio>

#include "config/command_page.h"
#include "packaging/firstboot/firstboot.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app(
      "Sets a box up from the files on its FAT partition.\nChecks sluice.toml and "
      "provisioning.toml, "
      "takes over name, network and secrets, and removes them\nfrom there.",
      "sluice-firstboot");
  app.footer("Exit codes: 0 ok, 1 failed, 2 usage. It is started by sluice-firstboot.service.");
  sluice::add_package_options(app, SLUICE_VERSION);
  sluice::FirstbootOptions options;
  app.add_option("--boot", options.boot, "Where the FAT partition is mounted")
      ->capture_default_str();
  app.add_option("--root", options.root, "Root of the system that is set up")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto done = sluice::firstboot(options);
  if (done) {
    std::fputs(done->c_str(), stdout);
    return 0;
  }
  std::fprintf(stderr, "sluice-firstboot: %s\n", done.error().message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
