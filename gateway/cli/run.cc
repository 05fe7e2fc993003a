#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "core/log.h"
#include "gateway/admin/http_server.h"
#include "gateway/admin/views.h"
#include "gateway/cli/commands.h"
#include "gateway/file_watch.h"
#include "gateway/gateway.h"
#include "gateway/notify.h"
#include "gateway/version.h"

namespace sluice {
namespace {

constexpr Duration engine_limit = std::chrono::seconds(20);  // a healthy engine turns every second
constexpr Duration default_turn = std::chrono::seconds(1);

LogLevel log_level(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  return name == "error" ? LogLevel::error : LogLevel::info;
}

// Daemon: one process's life: the gateway of the configuration in force, and what reloads it.
class Daemon {
 public:
  explicit Daemon(std::string file) : file_(std::move(file)) {}

  int run();

 private:
  int start();
  int start_gateway(Configuration configuration, std::unique_ptr<LmdbStore> store,
                    std::string refused);
  void open_admin(const AdminSection& admin);
  AdminResponse answer(const AdminRequest& request);
  // Checks the file, then switches. Gives what to tell the person, and whether it worked.
  std::pair<bool, std::string> reload();
  // The same with the configuration that runs and the files that it names, when one has changed.
  void reload_changed_files();
  // Ends the gateway that runs, and starts one of this configuration. Under mutex_.
  std::pair<bool, std::string> switch_to(Configuration configuration, std::string refused);
  std::pair<bool, std::string> refuse(const std::string& problems, const std::string& remedy);
  std::optional<Configuration> read_file(std::string& problems) const;
  void wait_for_signals();

  const std::string file_;
  AdminSection admin_;
  std::unique_ptr<AdminServer> unix_server_;
  std::unique_ptr<AdminServer> tcp_server_;

  std::mutex mutex_;
  std::unique_ptr<Gateway> gateway_;  // guarded by mutex_: replaced by a reload
  // Guarded by mutex_: of the gateway that runs.
  StorageSection storage_;
  std::string text_;  // its configuration,
  std::string text_name_;
  std::vector<EpochFile> files_;  // the files that it names, as they are in force,
  FileWatch watch_;               // and whether they still are that on the disk
  std::string refused_text_;      // why the configuration on the disk is not in force; empty: it is
};

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

int Daemon::start_gateway(Configuration configuration, std::unique_ptr<LmdbStore> store,
                          std::string refused) {
  FrameCodec codec;
  auto epoch = last_epoch(*store, codec);
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
  return exit_ok;
}

int Daemon::start() {
  std::string problems;
  auto configuration = read_file(problems);
  const StorageSection storage = configuration ? configuration->storage : StorageSection{};
  if (!configuration) {
    std::fputs(problems.c_str(), stderr);
    // A box that has run before runs on with what worked: look where a store would be.
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::path(storage.resolved_path()) / "store.mdb",
                                 ignored))
      return exit_bad_configuration;
  }
  auto store = LmdbStore::open(storage.resolved_path(), storage.max_size.bytes());
  if (!store) {
    log_error("The store cannot be opened", {{"reason", store.error().message}});
    return store.error().kind == ErrorKind::bad_config ? exit_bad_configuration : exit_failed;
  }
  std::string refused;
  if (!configuration) {
    FrameCodec codec;
    const auto epoch = last_epoch(**store, codec);
    std::string ignored;
    if (epoch && *epoch)
      configuration = read_configuration_text((*epoch)->configuration, (*epoch)->file_name,
                                              NamedFiles::stored((*epoch)->files), ignored, false);
    if (!configuration) return exit_bad_configuration;
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
  auto store = LmdbStore::open(configuration.storage.resolved_path(),
                               configuration.storage.max_size.bytes());
  if (!store) {
    log_error("The store cannot be opened again", {{"reason", store.error().message}});
    return {false, store.error().message + "\n"};
  }
  if (start_gateway(std::move(configuration), std::move(*store), std::move(refused)) != exit_ok)
    return {false, "the gateway cannot start; see its log\n"};
  return {true, {}};
}

// What the configuration's own file says by now waits for `sluice reload`.
void Daemon::reload_changed_files() {
  const std::scoped_lock lock(mutex_);
  if (!gateway_ || !watch_.look()) return;
  std::string problems;
  auto configuration = read_configuration_text(text_, text_name_, problems, false);
  if (!configuration) {
    refuse(problems, "mend the file; it is read again as soon as it changes");
  } else if (configuration->files == files_) {
    gateway_->refuse(refused_text_);
    log_info("The files that the configuration names are again what is in force");
  } else if (switch_to(std::move(*configuration), refused_text_).first) {
    log_info("A file that the configuration names has changed and is in force");
  }
}

AdminResponse Daemon::answer(const AdminRequest& request) {
  if (request.path == "/reload" && request.method == "POST") {
    const auto [is_good, text] = reload();
    return {is_good ? 200 : 422, "text/plain", text};
  }
  const std::scoped_lock lock(mutex_);
  if (request.method != "GET") return {405, "text/plain", "only GET\n"};
  if (request.path == "/healthz") {
    const bool is_alive = gateway_ && gateway_->is_alive(engine_limit);
    return {is_alive ? 200 : 503, "text/plain",
            is_alive ? "alive\n" : "the engine does not turn\n"};
  }
  if (!gateway_) return {503, "text/plain", "the gateway is not running\n"};
  if (request.path == "/status") return {200, "application/json", status_json(gateway_->status())};
  if (request.path == views_path || request.path.starts_with(std::string(views_path) + "/")) {
    return answer_views(request.path,
                        [this](const EngineDesk::Look& look) { return gateway_->look(look); });
  }
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

// A tool's socket that cannot be opened must not keep events from flowing.
void Daemon::open_admin(const AdminSection& admin) {
  const auto handler = [this](const AdminRequest& request) { return answer(request); };
  std::error_code ignored;
  const std::string socket = admin.resolved_socket();
  std::filesystem::create_directories(std::filesystem::path(socket).parent_path(), ignored);
  auto unix_server = AdminServer::open_unix(socket, handler);
  if (unix_server) {
    unix_server_ = std::move(*unix_server);
  } else {
    log_error("The admin socket cannot be opened: `sluice status` will not work",
              {{"reason", unix_server.error().message}});
  }
  if (admin.listen.empty()) return;
  auto tcp_server = AdminServer::open_tcp(admin.listen, handler);
  if (tcp_server) {
    tcp_server_ = std::move(*tcp_server);
  } else {
    log_error("The admin address cannot be opened: there are no metrics",
              {{"reason", tcp_server.error().message}});
  }
}

// Feeds the watchdog from the engine's own turns, until a signal ends the wait.
void Daemon::wait_for_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  const auto watchdog = watchdog_interval();
  const Duration turn = watchdog ? std::min(default_turn, *watchdog / 2) : default_turn;
  for (;;) {
    const timespec wait{static_cast<time_t>(turn / std::chrono::seconds(1)),
                        static_cast<long>((turn % std::chrono::seconds(1)).count())};
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) {
      notify_systemd("RELOADING=1");
      reload();
      notify_systemd("READY=1");
    }
    reload_changed_files();
    const std::scoped_lock lock(mutex_);
    if (watchdog && gateway_ && gateway_->is_alive(*watchdog)) notify_systemd("WATCHDOG=1");
  }
}

int Daemon::run() {
  // Blocked in all threads: only wait_for_signals() takes them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  if (const int code = start(); code != exit_ok) return code;
  open_admin(admin_);
  const GatewayStatus status = gateway_->status();
  log_info("Sluice runs", {{"version", version},
                           {"gateway", status.gateway},
                           {"configuration", status.configuration_file},
                           {"sources", status.sources.size()},
                           {"pipelines", status.pipelines.size()},
                           {"sinks", status.sinks.size()}});
  for (const SourceReport& source : status.sources) {
    if (source.is_running)
      log_info("Devices can connect", {{"source", source.name}, {"address", source.address}});
  }
  notify_systemd("READY=1\nSTATUS=" + std::to_string(status.sources.size()) + " sources, " +
                 std::to_string(status.sinks.size()) + " sinks");
  wait_for_signals();
  notify_systemd("STOPPING=1");
  tcp_server_.reset();
  unix_server_.reset();
  const std::scoped_lock lock(mutex_);
  gateway_.reset();
  log_info("Sluice has stopped: everything that was acknowledged is in the store");
  return exit_ok;
}

}  // namespace

int run_command(const std::string& configuration_file) { return Daemon(configuration_file).run(); }

}  // namespace sluice
