#include "drivers/mqtt/listener_loop.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include <algorithm>

namespace sluice::mqtt {
namespace {

constexpr std::size_t read_bytes = std::size_t{64} * 1024;
// A turn hands over earlier than at its end when this much has come in.
constexpr std::size_t offer_bytes = std::size_t{512} * 1024;
constexpr Duration tick_interval = std::chrono::seconds(1);

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  // The seed only names clients that bring no name: without entropy names of two starts may repeat.
  static_cast<void>(!getrandom(&seed, sizeof(seed), 0));
  return seed;
}

}  // namespace

ListenerLoop::ListenerLoop(const MqttListenerConfig& config, const SourceContext& context,
                           Mailbox& mailbox, StatusBoard& board)
    : config_(config),
      context_(context),
      mailbox_(mailbox),
      board_(board),
      refusals_(context.metrics, context.name),
      core_(config.limits, refusals_, random_seed()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(read_bytes) {
  CHECK(epoll_.is_open());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = mailbox_mark;
  CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, mailbox_.fd(), &event) == 0);
  set_time();
}

void ListenerLoop::restore(const SavedState& saved) {
  const std::size_t unreadable = core_.table.restore(saved);
  if (unreadable == 0) return;
  log_warning("MQTT session records cannot be read and are left out",
              {{"source", context_.name}, {"records", unreadable}});
}

void ListenerLoop::run() {
  while (!must_end_) turn();
  shut_down();
}

void ListenerLoop::set_time() {
  core_.feed.set_time(context_.clock.wall(), context_.clock.monotonic());
}

void ListenerLoop::turn() {
  const bool is_reading = may_read();
  const int ready = wait(is_reading);
  set_time();
  if (is_reading && !was_reading_) {
    connections_.each([](Connection& connection) { connection.session.restart_silence(); });
  }
  was_reading_ = is_reading;
  is_status_stale_ = is_status_stale_ || ready > 0;
  if (has_mail_) apply(mailbox_.take());
  for (int i = 0; i < ready; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if ((ready_ids_[at] & listener_mark) != 0) {
      accept_some(listening_[static_cast<std::size_t>(ready_ids_[at] & ~listener_mark)]);
    } else if (may_read()) {
      // When it may not, epoll will say the same again.
      on_event(ready_ids_[at], ready_events_[at]);
    }
  }
  if (core_.feed.now() >= next_tick_) tick();
  flush_touched();
  offer();
}

bool ListenerLoop::may_read() const {
  if (is_intake_stopped_) return false;
  if (core_.is_withholding) return core_.feed.batch().bytes() < config_.limits.max_withheld_bytes;
  return has_room_;
}

// An idle box is not woken: without anything that may time out there is no tick.
bool ListenerLoop::has_timers() const {
  const bool is_listening = std::ranges::all_of(listening_, [](const Listening& listening) {
    return listening.socket.is_open() && listening.is_watched;
  });
  return !is_listening || !has_room_ || connections_.size() > 0 || core_.table.size() > 0 ||
         is_status_stale_;
}

int ListenerLoop::wait(bool is_reading) {
  const Duration left = next_tick_ - context_.clock.monotonic();
  const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  const int timeout_ms =
      has_timers() ? static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, 1000)) : -1;
  has_mail_ = false;
  if (!is_reading) {
    pollfd mail{mailbox_.fd(), POLLIN, 0};
    has_mail_ = poll(&mail, 1, timeout_ms) > 0;
    return 0;
  }
  std::array<epoll_event, 256> events;
  const int count =
      epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  int ready = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == mailbox_mark) {
      has_mail_ = true;
      continue;
    }
    ready_ids_[static_cast<std::size_t>(ready)] = event.data.u64;
    ready_events_[static_cast<std::size_t>(ready)] = event.events;
    ++ready;
  }
  return ready;
}

void ListenerLoop::apply(const Mail& mail) {
  settle(mail.settlements);
  if (mail.is_paused != core_.is_withholding) set_withholding(mail.is_paused);
  if (mail.is_resumed) has_room_ = true;
  if (mail.is_intake_stopped && !is_intake_stopped_) stop_listening();
  must_end_ = mail.must_end;
}

void ListenerLoop::settle(const std::vector<Settlement>& settlements) {
  if (settlements.empty()) return;
  for (const Settlement& settlement : settlements) {
    if (settlement.outcome == Outcome::refused) {
      for (const std::uint64_t id : waiting_) {
        if (Connection* const connection = connections_.find(id))
          connection->session.refuse(settlement.receipt);
      }
      core_.table.forget_refused(settlement.receipt);
    }
    core_.feed.settle(settlement.receipt);
  }
  std::vector<std::uint64_t> settled;
  settled.swap(waiting_);
  for (const std::uint64_t id : settled) {
    Connection* const connection = connections_.find(id);
    if (connection == nullptr) continue;
    connection->is_waiting = false;
    connection->session.settle();
    consume(*connection, {});
  }
}

void ListenerLoop::set_withholding(bool is_withholding) {
  core_.is_withholding = is_withholding;
  if (!is_withholding) unblock_all();
}

// Senders that had reached their bound go on with what we have read of them already.
void ListenerLoop::unblock_all() {
  offer();
  connections_.each([this](Connection& connection) {
    connection.session.restart_silence();
    connection.session.settle();
    consume(connection, {});
  });
}

void ListenerLoop::offer() {
  if (core_.is_withholding || is_intake_stopped_ || core_.feed.batch().empty()) return;
  context_.intake.offer(core_.feed.batch());
  has_room_ = context_.intake.has_room();
}

void ListenerLoop::on_event(std::uint64_t id, std::uint32_t events) {
  Connection* const connection = connections_.find(id);
  if (connection == nullptr) return;
  if ((events & EPOLLIN) != 0) return read(*connection);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return connections_.remove(id);
  if ((events & EPOLLOUT) != 0) flush(*connection);
}

void ListenerLoop::read(Connection& connection) {
  std::size_t count = 0;
  switch (receive_some(connection.socket.get(), buffer_, count)) {
    case Transfer::would_block:
      return;
    case Transfer::closed:
      return connections_.remove(connection.id);
    case Transfer::done:
      break;
  }
  consume(connection, std::string_view(buffer_.data(), count));
  if (core_.feed.batch().bytes() >= offer_bytes) offer();
}

// Feeds the session with what it had left and what came now; keeps what it leaves.
void ListenerLoop::consume(Connection& connection, std::string_view received) {
  if (is_intake_stopped_) return flush(connection);
  ServerSession& session = connection.session;
  if (connection.input.empty()) {
    received.remove_prefix(session.receive(received));
    connection.input = received;
  } else {
    connection.input += received;
    connection.input.erase(0, session.receive(connection.input));
  }
  if (connection.input.empty() && connection.input.capacity() > read_bytes)
    connection.input.shrink_to_fit();
  after_input(connection);
}

void ListenerLoop::after_input(Connection& connection) {
  if (!connection.is_waiting && connection.session.is_waiting_for_settlement()) {
    connection.is_waiting = true;
    waiting_.push_back(connection.id);
  }
  flush(connection);
}

// May remove the connection.
void ListenerLoop::flush(Connection& connection) {
  ServerSession& session = connection.session;
  Transfer outcome = Transfer::done;
  if (!session.output().empty()) outcome = send_some(connection.socket.get(), session.output());
  if (outcome == Transfer::closed) return connections_.remove(connection.id);
  if (session.output().size() > config_.limits.max_output_bytes && !session.is_closing()) {
    refusals_.count(Refusal::unread_output);
    log_refused(connection.peer, session.client_id(), "it does not read our answers");
    return connections_.remove(connection.id);
  }
  if (session.is_closing()) return finish(connection);
  watch(connection);
}

void ListenerLoop::watch(Connection& connection) {
  const bool wants_read = !connection.session.is_blocked();
  const bool wants_write = !connection.session.output().empty();
  const std::uint32_t wanted = (wants_read ? EPOLLIN : 0U) | (wants_write ? EPOLLOUT : 0U);
  if (wanted == connection.watched_events) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = connection.id;
  // Not watched at all while there is nothing to do: a hang-up would be reported for ever.
  const int change = wanted == 0                      ? EPOLL_CTL_DEL
                     : connection.watched_events == 0 ? EPOLL_CTL_ADD
                                                      : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_.get(), change, connection.socket.get(), &event) != 0) {
    return connections_.remove(connection.id);
  }
  connection.watched_events = wanted;
}

// The last words are sent already, as far as the peer takes them.
void ListenerLoop::finish(Connection& connection) {
  const ServerSession& session = connection.session;
  if (session.is_refused()) log_refused(connection.peer, session.client_id(), session.why_closed());
  close_gently(connection.socket, buffer_);
  connections_.remove(connection.id);
}

void ListenerLoop::flush_touched() {
  std::vector<std::uint64_t> touched;
  touched.swap(core_.touched);
  for (const std::uint64_t id : touched) {
    if (Connection* const connection = connections_.find(id)) flush(*connection);
  }
}

void ListenerLoop::tick() {
  next_tick_ = core_.feed.now() + tick_interval;
  if (!has_room_) has_room_ = context_.intake.has_room();
  if (was_reading_) {
    connections_.each([this](Connection& connection) {
      connection.session.tick();
      if (connection.session.is_closing()) flush(connection);
    });
  }
  if (is_intake_stopped_) return;
  core_.table.tick();
  for (std::size_t i = 0; i < listening_.size(); ++i) {
    Listening& listening = listening_[i];
    if (!listening.socket.is_open() && core_.feed.now() >= listening.retry_at) open_one(listening);
    if (listening.socket.is_open()) watch_listener(i, true);
  }
  publish_status();
}

void ListenerLoop::shut_down() {
  connections_.each([this](Connection& connection) {
    connection.session.close(Reason::server_shutting_down, {});
    flush(connection);
  });
}

}  // namespace sluice::mqtt
