#include "packaging/flash/cli.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>

#include "config/command_page.h"
#include "packaging/flash/flash.h"

namespace sluice {
namespace {

enum ExitCode : int { exit_ok = 0, exit_failed = 1, exit_usage = 2 };  // as sluice's

std::atomic<bool> is_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // a handler sets it

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { is_interrupted.store(true); };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

void add_provisioning_options(CLI::App& app, PrepareOptions& options) {
  app.add_option("--config,-c", options.configuration,
                 "sluice.toml for the box; checked by `sluice check` first");
  CLI::Option* file = app.add_option("--provision", options.provisioning_file,
                                     "provisioning.toml: name, network and secrets of the box");
  CLI::Option* wifi = app.add_option("--wifi", options.wifi_ssid,
                                     "Join this Wi-Fi network; asks for the passphrase");
  app.add_option("--wifi-psk-file", options.wifi_psk_file,
                 "Passphrase from this file, '-' for stdin")
      ->needs(wifi);
  app.add_option("--wifi-country", options.wifi_country, "Two letters, for the channels in use")
      ->needs(wifi);
  CLI::Option* id = app.add_option("--id", options.id, "Name of the box in its events");
  CLI::Option* hostname =
      app.add_option("--hostname", options.hostname, "Host name (default: the id)");
  CLI::Option* secret =
      app.add_option("--secret", options.secrets,
                     "NAME=FILE: { credential = \"NAME\" } in sluice.toml; may be repeated");
  secret->allow_extra_args(false);  // the image may follow
  for (CLI::Option* option : {wifi, id, hostname, secret}) file->excludes(option);
}

int report(const Result<void>& result) {
  if (result) return exit_ok;
  std::fprintf(stderr, "sluice-flash: %s\n", result.error().message.c_str());
  return exit_failed;
}

}  // namespace

int run_flash_cli(int argc, char** argv) {
  CLI::App app(
      "Writes a Sluice image to a card or disk.\nChecks its signature and every checksum, writes "
      "only what holds data, and reads it back.\nWithout DEVICE it lists the disks to choose from.",
      "sluice-flash");
  app.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage.\nStart here: sluice-flash, then sluice-flash "
      "IMAGE.img.zst /dev/sdX --config sluice.toml.");
  add_package_options(app, SLUICE_VERSION);
  FlashOptions options;
  app.add_option("image", options.image, "Image, .img or .img.zst, with its .bmap beside it");
  app.add_option("device", options.device, "Disk to overwrite, or a file as large as one");
  app.add_option("--key", options.public_key, "Public key that must have signed the image")
      ->capture_default_str();
  app.add_flag("--insecure-no-signature", options.is_unsigned,
               "Do not ask who made the image: whoever did controls the box");
  app.add_flag("--yes,-y", options.is_confirmed, "Do not ask; for scripts");
  add_provisioning_options(app, options.prepare);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  if (options.device.empty()) {
    std::fputs(list_devices(options.machine).c_str(), stdout);
    return exit_ok;
  }
  catch_interrupts();
  return report(flash(options, is_interrupted));
}

}  // namespace sluice
