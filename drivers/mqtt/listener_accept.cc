// ListenerLoop: listening sockets, new connections, and what the outside sees of them.
#include <sys/epoll.h>

#include <algorithm>

#include "drivers/mqtt/listener_loop.h"

namespace sluice::mqtt {
namespace {

constexpr int max_accepted_per_turn = 256;
constexpr Duration longest_retry = std::chrono::seconds(30);

}  // namespace

Result<void> ListenerLoop::open() {
  for (const std::string& url : config_.listen) {
    listening_.emplace_back();
    listening_.back().endpoint = TRY(parse_endpoint(url));
  }
  for (std::size_t i = 0; i < listening_.size(); ++i) {
    open_one(listening_[i]);
    if (listening_[i].socket.is_open()) watch_listener(i, true);
  }
  publish_status();
  return {};
}

void ListenerLoop::open_one(Listening& listening) {
  Result<FileDescriptor> opened = listen_on(listening.endpoint);
  if (opened.is_ok()) {
    listening.socket = std::move(opened).value();
    listening.endpoint.port = local_port(listening.socket.get());
    listening.retry_after = std::chrono::seconds(1);
    publish_status();
    return;
  }
  listening.retry_at = core_.feed.now() + listening.retry_after;
  listening.retry_after = std::min(listening.retry_after * 2, longest_retry);
  board_.set_error(opened.error().message, context_.clock.wall());
  listen_log_.report(core_.feed.now().count(), LogLevel::error,
                     "Cannot listen for MQTT; trying again",
                     {{"source", context_.name}, {"reason", opened.error().message}});
}

void ListenerLoop::watch_listener(std::size_t index, bool is_watched) {
  Listening& listening = listening_[index];
  if (listening.is_watched == is_watched) return;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = listener_mark | index;
  const int change = is_watched ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
  CHECK(epoll_ctl(epoll_.get(), change, listening.socket.get(), &event) == 0);
  listening.is_watched = is_watched;
}

void ListenerLoop::accept_some(Listening& listening) {
  for (int i = 0; i < max_accepted_per_turn; ++i) {
    Accepted accepted = accept_one(listening.socket.get());
    if (accepted.error != 0) {
      // Out of descriptors or memory: the system needs a pause, the next tick accepts again.
      const std::string reason = system_error("cannot accept a connection", accepted.error);
      board_.set_error(reason, context_.clock.wall());
      listen_log_.report(core_.feed.now().count(), LogLevel::error,
                         "Cannot accept an MQTT connection",
                         {{"source", context_.name}, {"reason", reason}});
      return watch_listener(static_cast<std::size_t>(&listening - listening_.data()), false);
    }
    if (!accepted.socket.is_open()) return;
    if (connections_.size() >= config_.limits.max_connections) {
      refusals_.count(Refusal::too_many_connections);
      log_refused(accepted.peer, {}, "there are too many connections");
      continue;
    }
    Connection& connection =
        connections_.add(std::move(accepted.socket), std::move(accepted.peer), core_);
    watch(connection);
  }
}

void ListenerLoop::stop_listening() {
  offer();
  is_intake_stopped_ = true;
  for (std::size_t i = 0; i < listening_.size(); ++i) {
    if (listening_[i].socket.is_open()) watch_listener(i, false);
    listening_[i].socket.close();
  }
  publish_status();
}

void ListenerLoop::publish_status() {
  is_status_stale_ = false;
  std::string addresses;
  bool is_running = !is_intake_stopped_;
  for (const Listening& listening : listening_) {
    if (!addresses.empty()) addresses += ", ";
    addresses += format_endpoint(listening.endpoint);
    is_running = is_running && listening.socket.is_open();
  }
  board_.update([&](SourceStatus& status) {
    if (is_running && !status.is_running) status.last_error.clear();
    status.is_running = is_running;
    status.address = addresses;
    status.connections = connections_.size();
    status.refused = refusals_.total();
  });
}

void ListenerLoop::log_refused(std::string_view peer, std::string_view client_id,
                               std::string_view reason) {
  refused_log_.report(
      core_.feed.now().count(), LogLevel::warning, "Refused a device",
      {{"source", context_.name}, {"address", peer}, {"client", client_id}, {"reason", reason}});
}

}  // namespace sluice::mqtt
