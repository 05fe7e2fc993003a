#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "core/log.h"
#include "gateway/admin/http_server.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/daemon.h"
#include "gateway/notify.h"
#include "gateway/release_memory.h"
#include "gateway/version.h"

namespace sluice {
namespace {

constexpr Duration default_turn = std::chrono::seconds(1);

// Each connected device is a descriptor, and the soft limit is often 1024. A source says so when
// the hard limit is too low for it.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// Process: one life of the daemon: its sockets for tools and monitoring, signals, systemd.
class Process {
 public:
  explicit Process(std::string file) : daemon_(std::move(file)) {}

  int run();

 private:
  void open_admin(const AdminSection& admin);
  void wait_for_signals();

  Daemon daemon_;
  std::unique_ptr<AdminServer> unix_server_;
  std::unique_ptr<AdminServer> tcp_server_;
};

// A tool's socket that cannot be opened must not keep events from flowing.
void Process::open_admin(const AdminSection& admin) {
  const auto handler = [this](const AdminRequest& request) { return daemon_.answer(request); };
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
void Process::wait_for_signals() {
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
      daemon_.reload();
      notify_systemd("READY=1");
    }
    daemon_.reload_changed_files();
    if (watchdog && daemon_.is_alive(*watchdog)) notify_systemd("WATCHDOG=1");
  }
}

int Process::run() {
  // Blocked in all threads: only wait_for_signals() takes them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  // A huge page under each thread's stack costs an idle box megabytes. Before there are threads.
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond RLIMIT_FSIZE fails instead
  if (const int code = daemon_.start(); code != exit_ok) return code;
  open_admin(daemon_.admin());
  const GatewayStatus status = daemon_.status();
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
  release_rarely_used_memory();
  wait_for_signals();
  notify_systemd("STOPPING=1");
  daemon_.stop();
  tcp_server_.reset();
  unix_server_.reset();
  log_info("Sluice has stopped: everything that was acknowledged is in the store");
  return exit_ok;
}

}  // namespace

int run_command(const std::string& configuration_file) { return Process(configuration_file).run(); }

}  // namespace sluice
