// sluice init: a first configuration from three answers, which options may give as well.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"
#include "gateway/configuration.h"

namespace sluice {
namespace {

constexpr const char* default_folder = "/var/lib/sluice/archive";

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "gateway";
  return name.data();
}

// What a box may be called: other characters become '-'.
std::string plain_name(std::string name) {
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; }, '-');
  return name;
}

// One line from the terminal; empty: `otherwise`. False at the end of input.
bool ask_person(const std::string& question, const std::string& otherwise, std::string& answer) {
  print(stderr, question + " [" + otherwise + "]: ");
  if (!std::getline(std::cin, answer)) return false;
  if (answer.empty()) answer = otherwise;
  return true;
}

bool is_kind_of_devices(std::string_view text) {
  return text == "mqtt" || text == "coap" || text == "both";
}

// Fills in what the options leave open. False: nobody answers.
bool complete(InitOptions& options) {
  const bool is_asked = isatty(STDIN_FILENO) == 1;
  if (!is_asked && (options.devices.empty() || options.upstream.empty())) {
    print(stderr,
          "sluice: init asks on a terminal; without one give --devices mqtt|coap|both and "
          "--upstream URL-or-folder\n");
    return false;
  }
  if (options.name.empty()) {
    options.name = plain_name(host_name());
    if (is_asked && !ask_person("Name of this box", options.name, options.name)) return false;
  }
  while (!is_kind_of_devices(options.devices)) {
    if (!ask_person("How do devices send: mqtt, coap or both", "mqtt", options.devices))
      return false;
  }
  return !options.upstream.empty() ||
         ask_person("Where do events go: https://..., mqtt://..., or a folder for files",
                    default_folder, options.upstream);
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

// IPv6 addresses are bracketed in URLs.
std::string url_host(const std::string& address) {
  const bool is_bare_ipv6 = address.find(':') != std::string::npos && address[0] != '[';
  return is_bare_ipv6 ? "[" + address + "]" : address;
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "localhost" || address == "::1" ||
         address == "[::1]";
}

std::string source_text(const InitOptions& options) {
  const std::string host = url_host(options.listen);
  std::string text;
  if (options.devices != "coap") {
    text +=
        "\n# Devices connect to the gateway; no broker is needed.\n[sources.devices]\n"
        "type = \"mqtt\"\nlisten = [" +
        toml_text("mqtt://" + host + ":1883") + "]\n";
    if (!is_loopback(options.listen))
      text += "anonymous = true          # everyone who can reach this address may send\n";
    text += "decode = \"json\"\n";
  }
  if (options.devices != "mqtt")
    text +=
        "\n# Devices POST to any path, confirmable.\n[sources.sensors]\ntype = \"coap\"\n"
        "listen = [" +
        toml_text("coap://" + host + ":5683") + "]\ndecode = \"json\"\n";
  return text;
}

std::string sink_text(const std::string& upstream) {
  const std::string begin = "\n[sinks.upstream]\n";
  if (upstream.starts_with("http://") || upstream.starts_with("https://"))
    return begin + "type = \"http\"\nurl = " + toml_text(upstream) + "\n";
  if (upstream.starts_with("mqtt://") || upstream.starts_with("mqtts://"))
    return begin + "type = \"mqtt\"\nurl = " + toml_text(upstream) +
           "\ntopic = \"sluice/events\"\n";
  return begin +
         "type = \"file\"               # one line of JSON per event, zstd inside\npath = " +
         toml_text(upstream) + "\nkeep_files = 30\n";
}

std::string configuration_text(const InitOptions& options) {
  std::string from = options.devices == "coap" ? "" : "\"devices\"";
  if (options.devices != "mqtt") from += (from.empty() ? "" : ", ") + toml_text("sensors");
  return "# Sluice: what comes in, what happens to it, where it goes. All options: man "
         "sluice.toml\n"
         "# After a change: sluice check, then sluice reload.\n\n[gateway]\nname = " +
         toml_text(options.name) + "             # part of every event's `source`\n" +
         source_text(options) + "\n[pipelines.all]\nfrom = [" + from +
         "]\nto = [\"upstream\"]\n\n"
         "# Steps, in order. For example:\n"
         "#[[pipelines.all.steps]]\n#filter = \"data.temperature > -40.0\"\n" +
         sink_text(options.upstream);
}

// The owner and mode of the file that is replaced: the service must still be able to read it.
bool takes_owner_of(const std::string& next, const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return errno == ENOENT;
  return ::chown(next.c_str(), info.st_uid, info.st_gid) == 0 &&
         ::chmod(next.c_str(), info.st_mode & 07777) == 0;
}

// Whole or not at all; what was there stays as `file.old`.
bool write_file(const std::string& file, const std::string& text) {
  const std::string next = file + ".new";
  std::ofstream out(next, std::ios::trunc);
  out << text;
  out.close();
  std::error_code failure;
  if (!out || !takes_owner_of(next, file)) failure = {errno, std::generic_category()};
  if (!failure && std::filesystem::exists(file, failure))
    std::filesystem::copy_file(file, file + ".old",
                               std::filesystem::copy_options::overwrite_existing, failure);
  if (!failure) std::filesystem::rename(next, file, failure);
  if (!failure) return true;
  std::error_code ignored;
  std::filesystem::remove(next, ignored);
  print(stderr, "sluice: cannot write " + file + ": " + failure.message() + "\n");
  return false;
}

std::string next_steps(const InitOptions& options) {
  const bool has_mqtt = options.devices != "coap";
  const std::string host = is_loopback(options.listen) ? options.listen : "ADDRESS-OF-THE-BOX";
  return options.file + " is written. Next:\n" + "  sluice check " + options.file + "\n" +
         "  systemctl reload-or-restart sluice        (or: sluice run --config " + options.file +
         ")\n" +
         (has_mqtt ? "  mosquitto_pub -h " + host +
                         " -q 1 -t hall/climate -m '{\"temperature\": 21.5}'\n"
                   : "  coap-client -m post coap://" + url_host(host) +
                         "/hall -e '{\"temperature\": 21.5}'\n") +
         "  sluice status\n";
}

}  // namespace

int init_command(const InitOptions& given) {
  InitOptions options = given;
  std::error_code ignored;
  const bool is_there = std::filesystem::exists(options.file, ignored);
  if (is_there && !options.is_forced) {
    print(stderr, "sluice: " + options.file +
                      " is there already; --force replaces it (and keeps it as " + options.file +
                      ".old)\n");
    return exit_failed;
  }
  if (!complete(options)) return exit_usage;
  const std::string text = configuration_text(options);
  std::string problems;
  if (!read_configuration_text(text, options.file, problems, true)) {
    print(stderr,
          "sluice: these answers make no good configuration; nothing was written\n" + problems);
    return exit_usage;
  }
  if (!write_file(options.file, text)) return exit_failed;
  print(stdout, next_steps(options));
  return exit_ok;
}

}  // namespace sluice
