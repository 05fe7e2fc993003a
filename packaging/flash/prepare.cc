#include "packaging/flash/prepare.h"

#include <cstdio>
#include <iostream>
#include <iterator>

#include "packaging/flash/terminal.h"
#include "packaging/provisioning/files.h"
#include "packaging/provisioning/program.h"
#include "packaging/provisioning/provisioning.h"

namespace sluice {
namespace {

Error bad_option(const std::string& message) { return Error{ErrorKind::bad_config, message}; }

Result<std::string> read_psk(const PrepareOptions& options) {
  std::string psk;
  if (options.wifi_psk_file == "-") {
    psk.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (!options.wifi_psk_file.empty()) {
    psk = TRY(read_file(options.wifi_psk_file));
  } else {
    psk = TRY(ask_secret("Passphrase of Wi-Fi " + options.wifi_ssid + " (empty: open network): "));
  }
  if (psk.ends_with('\n')) psk.pop_back();
  return psk;
}

Result<void> add_secret(const std::string& option, Provisioning& provisioning) {
  const std::size_t equals = option.find('=');
  if (equals == std::string::npos) return bad_option("--secret " + option + " is not NAME=FILE");
  provisioning.secrets[option.substr(0, equals)] =
      Secret(Secret::Place::file, option.substr(equals + 1));
  return {};
}

Result<Provisioning> from_options(const PrepareOptions& options) {
  Provisioning provisioning;
  provisioning.device = {options.id, options.hostname};
  if (!options.wifi_ssid.empty()) {
    const std::string psk = TRY(read_psk(options));
    const Secret secret = psk.empty() ? Secret() : Secret(Secret::Place::literal, psk);
    provisioning.network.wifi = WifiSection{options.wifi_ssid, secret, options.wifi_country};
  }
  for (const std::string& secret : options.secrets) TRY(add_secret(secret, provisioning));
  return provisioning;
}

Result<Provisioning> checked(Document& document) {
  Result<Provisioning> provisioning = read_provisioning(document);
  std::fputs(document.diagnostics().all_with_source().c_str(), stderr);
  if (provisioning) return provisioning;
  return bad_option(document.file_name() + " is not a good provisioning file");
}

Result<std::string> provisioning_text(const PrepareOptions& options) {
  Provisioning provisioning;
  if (options.provisioning_file.empty()) {
    provisioning = TRY(from_options(options));
  } else {
    Document document = TRY(Document::load(options.provisioning_file));
    provisioning = TRY(checked(document));
  }
  std::string text = TRY(render_provisioning(provisioning));
  // The rules of the file hold for options and for secrets from elsewhere, too.
  Document made = Document::parse(text, "the options");
  TRY(checked(made));
  return text;
}

// By the gateway's own parser, which knows every driver and step.
Result<void> check_configuration(const std::string& file) {
  const ProgramRun run = TRY(run_program({"sluice", "check", file}));
  std::fputs(run.errors.c_str(), stderr);
  if (run.exit_code == 0) return {};
  return bad_option(file + " is not a good configuration");
}

bool names_device(const PrepareOptions& options) {
  return !options.provisioning_file.empty() || !options.id.empty() || !options.hostname.empty() ||
         !options.wifi_ssid.empty() || !options.secrets.empty();
}

}  // namespace

bool PrepareOptions::is_empty() const { return configuration.empty() && !names_device(*this); }

Result<std::vector<FatFile>> prepare_files(const PrepareOptions& options) {
  std::vector<FatFile> files;
  if (!options.configuration.empty()) {
    TRY(check_configuration(options.configuration));
    files.push_back({configuration_file_name, TRY(read_file(options.configuration))});
  }
  if (names_device(options)) {
    files.push_back({provisioning_file_name, TRY(provisioning_text(options))});
  }
  return files;
}

}  // namespace sluice
