#include "packaging/firstboot/firstboot.h"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "packaging/firstboot/boot_partition.h"
#include "packaging/firstboot/device_key.h"
#include "packaging/firstboot/gateway_name.h"
#include "packaging/firstboot/network_files.h"
#include "packaging/provisioning/files.h"
#include "packaging/provisioning/program.h"
#include "packaging/provisioning/provisioning.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr const char* configuration_path = "etc/sluice/sluice.toml";
constexpr const char* error_file_name = "sluice-error.txt";
constexpr const char* status_file_name = "sluice-status.txt";
constexpr const char* request_file_name = "device.csr";

Error wrong(const std::string& message) { return Error{ErrorKind::bad_config, message}; }

// A file of the system to be, not written yet.
struct NewFile {
  std::string path;  // below the root
  std::string text;
  mode_t mode = 0644;
};

// Everything that the FAT partition brings, checked.
struct Taken {
  std::optional<Provisioning> provisioning;
  std::optional<std::string> configuration;
};

Result<std::string> literal(const std::string& what, const Secret& secret) {
  if (secret.place() == Secret::Place::literal) return secret.reveal();
  return wrong("provisioning.toml: " + what +
               " must be the text itself on the FAT partition; sluice-flash puts it there");
}

Result<void> check_secrets(const Provisioning& provisioning) {
  for (const auto& [name, secret] : provisioning.secrets) TRY(literal("secrets." + name, secret));
  const auto& wifi = provisioning.network.wifi;
  if (wifi && wifi->psk.is_set()) TRY(literal("network.wifi.psk", wifi->psk));
  return {};
}

Result<Provisioning> parse_provisioning(const std::string& text) {
  Document document = Document::parse(text, provisioning_file_name);
  Result<Provisioning> provisioning = read_provisioning(document);
  if (!provisioning) return wrong(document.diagnostics().all_with_source());
  TRY(check_secrets(*provisioning));
  return provisioning;
}

// By the gateway's own parser, beside the place where it will lie, as it will be.
Result<void> check_configuration(const FirstbootOptions& options, const std::string& text) {
  const fs::path candidate = options.root / "etc/sluice/sluice.toml.candidate";
  TRY(replace_file(candidate, text, 0640));
  const auto run = run_program({"sluice", "check", candidate.string()});
  fs::remove(candidate);
  if (!run) return run.error();
  if (run->exit_code == 0) return {};
  std::string errors = run->errors;
  const std::string shown = candidate.string();
  for (std::size_t at = 0; (at = errors.find(shown, at)) != std::string::npos;) {
    errors.replace(at, shown.size(), configuration_file_name);
  }
  return wrong(errors);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The id that this box has now; empty: none yet.
std::string current_id(const FirstbootOptions& options) {
  const auto text = read_file(options.root / "etc/sluice/device-id");
  return text ? first_line(*text) : "";
}

Result<Taken> take_files(const FirstbootOptions& options, const BootPartition& boot) {
  Taken taken;
  const auto provisioning = TRY(boot.take(provisioning_file_name));
  if (provisioning) taken.provisioning = TRY(parse_provisioning(*provisioning));
  taken.configuration = TRY(boot.take(configuration_file_name));
  if (!taken.configuration) return taken;
  std::string id = taken.provisioning ? taken.provisioning->device.id : "";
  if (id.empty()) id = current_id(options);
  if (!id.empty() && gateway_name(*taken.configuration).empty()) {
    taken.configuration = with_gateway_name(*taken.configuration, id);
  }
  TRY(check_configuration(options, *taken.configuration));
  return taken;
}

void add_device(const DeviceSection& device, std::vector<NewFile>& files) {
  if (!device.id.empty()) files.push_back({"etc/sluice/device-id", device.id + "\n"});
  const std::string& hostname = device.hostname.empty() ? device.id : device.hostname;
  if (!hostname.empty()) files.push_back({"etc/sluice/hostname", hostname + "\n"});
}

Result<void> add_network(const NetworkSection& network, std::vector<NewFile>& files) {
  files.push_back({"etc/systemd/network/10-sluice.network", networkd_file(network)});
  if (!network.wifi) return {};
  files.push_back({"etc/wpa_supplicant/wpa_supplicant-" + wifi_interface(network) + ".conf",
                   TRY(wpa_file(*network.wifi)), 0600});
  return {};
}

Result<void> add_secrets(const Provisioning& provisioning, std::vector<NewFile>& files) {
  for (const auto& [name, secret] : provisioning.secrets) {
    files.push_back({"etc/sluice/credentials/" + name, TRY(secret.reveal()), 0600});
  }
  return {};
}

// The package decides who may read its files; replace_file() keeps their owner.
mode_t mode_of(const FirstbootOptions& options, const char* path) {
  struct stat status {};
  if (stat((options.root / path).c_str(), &status) != 0) return 0644;
  return status.st_mode & 07777;
}

Result<std::vector<NewFile>> files_of(const FirstbootOptions& options, const Taken& taken) {
  std::vector<NewFile> files;
  if (taken.provisioning) {
    add_device(taken.provisioning->device, files);
    TRY(add_network(taken.provisioning->network, files));
    TRY(add_secrets(*taken.provisioning, files));
  }
  if (taken.configuration) {
    files.push_back(
        {configuration_path, *taken.configuration, mode_of(options, configuration_path)});
  }
  return files;
}

Result<void> write_files(const FirstbootOptions& options, const std::vector<NewFile>& files) {
  std::error_code fault;
  const fs::path credentials = options.root / "etc/sluice/credentials";
  fs::create_directories(credentials, fault);
  fs::permissions(credentials, fs::perms::owner_all, fault);
  for (const NewFile& file : files) {
    TRY(replace_file(options.root / file.path, file.text, file.mode));
  }
  return {};
}

// The key, made when there is none yet.
Result<std::string> device_key(const FirstbootOptions& options) {
  const fs::path path = options.root / "etc/sluice/device.key";
  if (fs::exists(path)) return read_file(path);
  std::string key = make_device_key();
  TRY(replace_file(path, key, 0600));
  return key;
}

// Gives the key's fingerprint. The request carries the id, so it is made anew with each one.
Result<std::string> write_key_files(const FirstbootOptions& options, const BootPartition& boot,
                                    bool is_provisioned) {
  const std::string key = TRY(device_key(options));
  const fs::path request = options.root / "etc/sluice/device.csr";
  if (is_provisioned || !fs::exists(request)) {
    const std::string id = current_id(options);
    const std::string pem = TRY(certificate_request(key, id.empty() ? "gateway" : id));
    TRY(replace_file(request, pem, 0644));
    TRY(boot.put(request_file_name, pem));
  }
  return key_fingerprint(key);
}

std::string hostname_in(const fs::path& file) {
  const auto text = read_file(file);
  return text ? first_line(*text) : "";
}

// The name is kept beside the configuration, which outlives an update of the system; the kernel has
// the one of the file that systemd read before this program came.
Result<std::string> set_hostname(const FirstbootOptions& options) {
  const fs::path file = options.root / "etc/hostname";
  const std::string wanted = hostname_in(options.root / "etc/sluice/hostname");
  const std::string current = hostname_in(file);
  if (wanted.empty()) return current;
  if (wanted != current) TRY(replace_file(file, wanted + "\n", 0644));
  if (options.root == "/" && sethostname(wanted.c_str(), wanted.size()) != 0) {
    return system_error(ErrorKind::no_space, "the host name cannot be set");
  }
  return wanted;
}

std::string summary(const Taken& taken, const std::string& id, const std::string& hostname,
                    const std::string& fingerprint) {
  std::string text = "Sluice box " + (id.empty() ? "without an id" : id) + ", host name " +
                     hostname + "\ndevice key " + fingerprint + "\n";
  if (taken.provisioning) {
    text += "provisioned: " + std::to_string(taken.provisioning->secrets.size()) +
            " secrets moved off the FAT partition\n";
  }
  if (taken.configuration) text += "configuration taken: sluice.toml\n";
  return text;
}

Result<std::string> set_up(const FirstbootOptions& options, const BootPartition& boot) {
  const Taken taken = TRY(take_files(options, boot));
  const std::vector<NewFile> files = TRY(files_of(options, taken));
  TRY(write_files(options, files));
  const std::string fingerprint =
      TRY(write_key_files(options, boot, taken.provisioning.has_value()));
  const std::string hostname = TRY(set_hostname(options));
  // All is on the disk: the secrets need not be here any more.
  TRY(boot.erase(provisioning_file_name));
  TRY(boot.erase(configuration_file_name));
  const std::string text = summary(taken, current_id(options), hostname, fingerprint);
  if (taken.provisioning || taken.configuration) TRY(boot.put(status_file_name, text));
  return text;
}

std::string what_next(ErrorKind kind) {
  if (kind == ErrorKind::bad_config) {
    return "\nNothing was changed. Mend the file and start the box again.\n";
  }
  return "\nPart of it may be done. It is tried again at the next start.\n";
}

}  // namespace

Result<std::string> firstboot(const FirstbootOptions& options) {
  const BootPartition boot(options.boot);
  Result<std::string> done = set_up(options, boot);
  // The messages never show a secret (config/diagnostics.h).
  const Result<void> told =
      done ? boot.erase(error_file_name)
           : boot.put(error_file_name, done.error().message + what_next(done.error().kind));
  if (done && !told) return told.error();
  return done;
}

}  // namespace sluice
