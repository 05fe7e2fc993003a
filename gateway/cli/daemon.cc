#include "gateway/cli/daemon.h"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "config/document.h"
#include "core/log.h"
#include "gateway/admin/buffer.h"
#include "gateway/admin/views.h"
#include "gateway/buffer/compact.h"
#include "gateway/cli/commands.h"
#include "gateway/health.h"
#include "gateway/notify.h"
#include "gateway/release_memory.h"

namespace sluice {
namespace {

constexpr Duration engine_limit = std::chrono::seconds(20);  // a healthy engine turns every second

LogLevel log_level(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  return name == "error" ? LogLevel::error : LogLevel::info;
}

}  // namespace

std::optional<Configuration> Daemon::read_file(std::string& problems) const {
  auto document = Document::load(file_);
  if (!document) {
    problems = document.error().message + "\n";
    return std::nullopt;
  }
  auto configuration = read_configuration(*document);
  problems = document->diagnostics().all_lines();
  return configuration;
}

int Daemon::start_gateway(Configuration configuration, OpenStore store, std::string refused) {
  FrameCodec codec;
  auto epoch = last_epoch(store.get(), codec);
  if (!epoch) {
    log_error("The store cannot be read", {{"reason", epoch.error().message}});
    return exit_failed;
  }
  set_log_level(log_level(configuration.log.level));
  storage_ = configuration.storage;
  admin_ = configuration.admin;
  text_ = configuration.text;
  text_name_ = configuration.file_name;
  files_ = configuration.files;
  watch_ = FileWatch(std::filesystem::path(text_name_).parent_path(), files_);
  refused_text_ = refused;
  auto gateway = Gateway::start(std::move(configuration), std::move(store), std::move(*epoch),
                                std::move(refused));
  if (!gateway) {
    log_error("The gateway cannot start", {{"reason", gateway.error().message}});
    return gateway.error().kind == ErrorKind::bad_config ? exit_bad_configuration : exit_failed;
  }
  gateway_ = std::move(*gateway);
  ++starts_;
  return exit_ok;
}

int Daemon::start() {
  std::string problems;
  auto configuration = read_file(problems);
  const StorageSection storage =
      configuration ? configuration->storage : read_box_sections(file_).storage;
  if (!configuration) {
    std::fputs(problems.c_str(), stderr);
    // A box that has run before runs on with what worked: look where a store would be.
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::path(storage.resolved_path()) / "store.mdb",
                                 ignored))
      return exit_bad_configuration;
  }
  auto store = open_store(storage);
  if (!store) {
    log_error("The store cannot be opened", {{"reason", store.error().message}});
    return store.error().kind == ErrorKind::bad_config ? exit_bad_configuration : exit_failed;
  }
  std::string refused;
  if (!configuration) {
    FrameCodec codec;
    const auto epoch = last_epoch(store->get(), codec);
    std::string ignored;
    if (epoch && *epoch)
      configuration = read_configuration_text((*epoch)->configuration, (*epoch)->file_name,
                                              NamedFiles::stored((*epoch)->files), ignored, false);
    if (!configuration) return exit_bad_configuration;
    // Its text may name the place where the store was before it was moved.
    configuration->storage.path = storage.resolved_path();
    refused = problems;
    log_error("The configuration is refused: running the last one that worked", {{"file", file_}});
  }
  return start_gateway(std::move(*configuration), std::move(*store), refused);
}

// The gateway goes on as it is; log, status and the person who asked are told why.
std::pair<bool, std::string> Daemon::refuse(const std::string& problems,
                                            const std::string& remedy) {
  log_error("The new configuration is refused: the old one goes on",
            {{"fault", problems.substr(0, problems.find('\n'))}, {"remedy", remedy}});
  if (gateway_) gateway_->refuse(problems);
  return {false, problems + "nothing has changed; " + remedy + "\n"};
}

std::pair<bool, std::string> Daemon::reload() {
  std::string problems;
  auto configuration = read_file(problems);
  const std::scoped_lock lock(mutex_);
  if (is_stopped_) return {false, "the gateway is stopping\n"};
  if (!configuration) {
    refused_text_ = problems;
    return refuse(problems, "sluice check " + file_ + " shows all faults; then sluice reload");
  }
  if (configuration->storage.resolved_path() != storage_.resolved_path()) {
    refused_text_ = "storage.path cannot change while the gateway runs\n";
    return refuse(refused_text_, "systemctl restart sluice, or put the old path back");
  }
  auto [is_good, text] = switch_to(std::move(*configuration), {});
  if (!is_good) return {false, text};
  log_info("The new configuration is in force", {{"file", file_}});
  return {true, file_ + " is in force\n"};
}

std::pair<bool, std::string> Daemon::switch_to(Configuration configuration, std::string refused) {
  gateway_.reset();  // drains, commits, saves the state
  configuration.storage.path = storage_.resolved_path();
  auto store = open_store(configuration.storage);
  if (!store) {
    log_error("The store cannot be opened again", {{"reason", store.error().message}});
    return {false, store.error().message + "\n"};
  }
  if (start_gateway(std::move(configuration), std::move(*store), std::move(refused)) != exit_ok)
    return {false, "the gateway cannot start; see its log\n"};
  release_rarely_used_memory();
  return {true, {}};
}

// Whether the configuration's own file says what runs.
bool Daemon::is_text_on_disk() const {
  const auto document = Document::load(file_);
  return document && file_ == text_name_ && document->text() == text_;
}

// What the configuration's own file says by now waits for `sluice reload`.
void Daemon::reload_changed_files() {
  const std::scoped_lock lock(mutex_);
  if (!gateway_ || !watch_.look()) return;
  std::string problems;
  auto configuration = read_configuration_text(text_, text_name_, problems, false);
  if (!configuration) {
    refuse(problems, "mend the file; it is read again as soon as it changes");
    return;
  }
  // What was refused for a file that is mended by now is not refused any more.
  if (is_text_on_disk()) refused_text_.clear();
  if (configuration->files == files_) {
    gateway_->refuse(refused_text_);
    log_info("The files that the configuration names are again what is in force");
  } else if (switch_to(std::move(*configuration), refused_text_).first) {
    log_info("A file that the configuration names has changed and is in force");
  }
}

// Takes the lock for each page and not for all: the watchdog, a reload and a stop come in between.
AdminResponse Daemon::answer_views_request(const std::string& path) {
  std::uint64_t asked = 0;  // the gateway of the first page; pages of two do not fit together
  return answer_views(path, [&](const EngineDesk::Look& look) -> Result<void> {
    const std::scoped_lock lock(mutex_);
    if (!gateway_) return Error{ErrorKind::try_later, "the gateway is not running"};
    if (asked == 0) asked = starts_;
    if (asked != starts_)
      return Error{ErrorKind::try_later, "the configuration has changed meanwhile; ask again"};
    return gateway_->look(look);
  });
}

AdminResponse Daemon::answer_post(const AdminRequest& request) {
  if (request.path == "/reload") {
    const auto [is_good, text] = reload();
    return {is_good ? 200 : 422, "text/plain", text};
  }
  if (request.path == "/v1/buffer/compact") return compact();
  if (request.path == "/v1/health") return answer_health();
  const std::scoped_lock lock(mutex_);
  if (!gateway_) return {503, "text/plain", "the gateway is not running\n"};
  return answer_buffer(request, *gateway_);
}

AdminResponse Daemon::answer_health() {
  std::vector<HealthCheck> checks;
  ConfigurationInForce in_force;
  {
    const std::scoped_lock lock(mutex_);
    if (!gateway_) return {503, "text/plain", "the gateway is not running\n"};
    checks = check_gateway(*gateway_, engine_limit);
    in_force = {text_, text_name_, files_};
  }
  checks.push_back(check_pipelines(in_force));
  release_rarely_used_memory();
  return {200, "application/json", health_json(checks)};
}

// The gateway stops and starts for it: a file cannot be replaced while it is in use.
AdminResponse Daemon::compact() {
  const std::scoped_lock lock(mutex_);
  if (!gateway_ || is_stopped_) return {503, "text/plain", "the gateway is not running\n"};
  std::string problems;
  auto configuration = read_configuration_text(text_, text_name_, problems, false);
  if (!configuration) return {422, "text/plain", problems};
  gateway_.reset();
  // It holds the lock that the watchdog's feeder waits for.
  const auto report = compact_store(storage_, [](double) { notify_systemd("WATCHDOG=1"); });
  const auto [is_good, text] = switch_to(std::move(*configuration), refused_text_);
  if (!report) return {500, "text/plain", report.error().message + "\n"};
  if (!is_good) return {500, "text/plain", text};
  return {200, "application/json", compact_json(*report)};
}

AdminResponse Daemon::answer(const AdminRequest& request) {
  if (request.method == "POST") return answer_post(request);
  if (request.method != "GET") return {405, "text/plain", "only GET and POST\n"};
  if (request.path == views_path || request.path.starts_with(std::string(views_path) + "/"))
    return answer_views_request(request.path);
  const std::scoped_lock lock(mutex_);
  if (request.path == "/healthz") {
    const bool is_alive = gateway_ && gateway_->is_alive(engine_limit);
    return {is_alive ? 200 : 503, "text/plain",
            is_alive ? "alive\n" : "the engine does not turn\n"};
  }
  if (!gateway_) return {503, "text/plain", "the gateway is not running\n"};
  if (request.path == "/status") return {200, "application/json", status_json(gateway_->status())};
  if (request.path == "/metrics")
    return {200, "text/plain; version=0.0.4", gateway_->metrics_text()};
  if (request.path == "/readyz") {
    const GatewayStatus status = gateway_->status();
    if (gateway_->is_ready()) return {200, "text/plain", "ready\n"};
    return {503, "text/plain",
            status.refused.empty()
                ? "not ready; see `sluice status`\n"
                : "running the configuration of " + format_timestamp(status.configuration_since) +
                      "; " + status.configuration_file + " refused:\n" + status.refused};
  }
  return {404, "text/plain", "there are /status, /metrics, /healthz, /readyz, /v1/views\n"};
}

AdminSection Daemon::admin() {
  const std::scoped_lock lock(mutex_);
  return admin_;
}

GatewayStatus Daemon::status() {
  const std::scoped_lock lock(mutex_);
  CHECK(gateway_ != nullptr);
  return gateway_->status();
}

bool Daemon::is_alive(Duration limit) {
  const std::scoped_lock lock(mutex_);
  return gateway_ && gateway_->is_alive(limit);
}

void Daemon::stop() {
  const std::scoped_lock lock(mutex_);
  is_stopped_ = true;
  gateway_.reset();
}

}  // namespace sluice
