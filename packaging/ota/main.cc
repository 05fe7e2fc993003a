#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "config/command_page.h"
#include "core/clock.h"
#include "packaging/ota/update.h"
#include "packaging/provisioning/program.h"

namespace {

struct Options {
  sluice::UpdatePlaces places;
  std::string bundle;
  sluice::UpdateRequest request;
  bool carries_out = false;
};

int failed(const sluice::Error& error) {
  std::fprintf(stderr, "sluice-update: %s\n", error.message.c_str());
  return 1;
}

int carry_out(const Options& options) {
  const auto now = std::chrono::floor<std::chrono::seconds>(sluice::SystemClock().wall());
  const auto done = sluice::carry_out(options.places, now);
  if (!done) return failed(done.error());
  std::printf("%s\n", done->c_str());
  std::fflush(stdout);
  if (!done->starts_with(sluice::installed)) return 0;
  const auto started = sluice::output_of({"systemctl", "reboot"});
  return started ? 0 : failed(started.error());
}

int ask(const Options& options) {
  const auto asked = sluice::ask_for_update(options.places, options.bundle, options.request);
  if (!asked) return failed(asked.error());
  std::printf("asked for; what becomes of it is in %s/result.txt\n", options.places.folder.c_str());
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app(
      "Updates the box from a bundle.\nsluice-update.service checks the signature and the rules, "
      "installs it into the other root slot\nand starts it; an unhealthy gateway brings the old "
      "slot back.",
      "sluice-update");
  app.footer("Exit codes: 0 ok, 1 failed, 2 usage.");
  sluice::add_package_options(app, SLUICE_VERSION);
  Options options;
  CLI::Option* bundle = app.add_option("bundle", options.bundle, "FILE.raucb, or its URL");
  app.add_option("--share", options.request.share, "Per cent of the boxes that take it")
      ->capture_default_str();
  app.add_option("--window", options.request.window, "Only at this time, UTC: 02:00-04:00");
  app.add_option("--folder", options.places.folder, "Where requests and bundles are")
      ->capture_default_str();
  app.add_option("--device-id", options.places.device_id, "File with the id of this box")
      ->capture_default_str();
  app.add_flag("--carry-out", options.carries_out, "Install what is asked for (the service does)")
      ->excludes(bundle);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (options.carries_out) return carry_out(options);
  if (!options.bundle.empty()) return ask(options);
  std::fputs(app.help().c_str(), stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv); }
