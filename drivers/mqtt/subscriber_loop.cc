#include "drivers/mqtt/subscriber_loop.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::mqtt {
namespace {

constexpr std::size_t broker_read_bytes = std::size_t{64} * 1024;
constexpr std::size_t broker_offer_bytes = std::size_t{512} * 1024;
// While the engine has paused us: what may wait here before the broker is not read any more.
constexpr std::size_t max_broker_withheld_bytes = std::size_t{1024} * 1024;
constexpr Duration tcp_connect_timeout = std::chrono::seconds(10);
constexpr Duration broker_tick_interval = std::chrono::seconds(1);

ClientOptions client_options(const MqttSubscriberConfig& config) {
  ClientOptions options;
  options.client_id = config.client_id;
  options.user = config.user;
  options.password = config.password;
  options.topics = config.topics;
  options.qos = config.qos;
  options.keep_alive = config.keep_alive;
  options.session_expiry = config.session_expiry;
  options.receive_maximum = config.receive_maximum;
  options.max_packet_bytes = config.max_packet_bytes;
  return options;
}

}  // namespace

SubscriberLoop::SubscriberLoop(const MqttSubscriberConfig& config, const Endpoint& broker,
                               const SourceContext& context, Mailbox& mailbox, StatusBoard& board,
                               std::uint64_t seed)
    : broker_(broker),
      context_(context),
      mailbox_(mailbox),
      board_(board),
      session_(client_options(config), feed_),
      backoff_(config.first_retry, config.longest_retry, seed),
      buffer_(broker_read_bytes) {}

void SubscriberLoop::restore(const SavedState& saved) {
  const std::size_t unreadable = session_.restore(saved);
  if (unreadable == 0) return;
  log_warning("MQTT session records cannot be read and are left out",
              {{"source", context_.name}, {"records", unreadable}});
}

void SubscriberLoop::run() {
  set_time();
  board_.update([&](SourceStatus& status) { status.address = format_endpoint(broker_); });
  while (!must_end_) turn();
  session_.close();
  if (state_ == State::talking && !session_.output().empty()) {
    static_cast<void>(send_some(socket_.get(), session_.output()));
  }
}

void SubscriberLoop::set_time() {
  feed_.set_time(context_.clock.wall(), context_.clock.monotonic());
}

void SubscriberLoop::turn() {
  const bool is_reading = may_read();
  const Ready ready = wait(is_reading);
  set_time();
  if (!is_reading || !was_reading_) session_.restart_silence();
  was_reading_ = is_reading;
  if (ready.has_mail) apply(mailbox_.take());
  if (state_ == State::resting && feed_.now() >= retry_at_ && !is_intake_stopped_) resolve();
  if (ready.is_resolved) on_resolved();
  if (state_ == State::connecting && (ready.is_writable || feed_.now() >= connect_deadline_))
    on_connecting();
  if (state_ == State::talking && ready.is_readable) read();
  if (feed_.now() >= next_tick_) {
    next_tick_ = feed_.now() + broker_tick_interval;
    if (!has_room_) has_room_ = context_.intake.has_room();
    if (state_ == State::talking) session_.tick();
  }
  if (state_ == State::talking) flush();
  offer();
  publish_status();
}

bool SubscriberLoop::may_read() const {
  if (is_intake_stopped_) return false;
  if (is_paused_) return feed_.batch().bytes() < max_broker_withheld_bytes;
  return has_room_;
}

SubscriberLoop::Ready SubscriberLoop::wait(bool is_reading) {
  const Duration due = state_ == State::resting
                           ? std::min(retry_at_, next_tick_ + broker_tick_interval)
                           : next_tick_;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(due - context_.clock.monotonic()).count();
  const int timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
  short wanted = is_reading ? POLLIN : 0;
  if (state_ == State::connecting || !session_.output().empty()) wanted |= POLLOUT;
  const bool has_socket = state_ == State::connecting || state_ == State::talking;
  // poll() passes over a negative descriptor. A hang-up is reported also when nothing is wanted:
  // then the socket is left out, since what it still holds is not to be read yet.
  std::array<pollfd, 3> files = {
      pollfd{mailbox_.fd(), POLLIN, 0},
      pollfd{state_ == State::resolving ? resolver_.fd() : -1, POLLIN, 0},
      pollfd{has_socket && wanted != 0 ? socket_.get() : -1, wanted, 0}};
  Ready ready;
  if (poll(files.data(), files.size(), timeout_ms) <= 0) return ready;
  ready.has_mail = files[0].revents != 0;
  ready.is_resolved = files[1].revents != 0;
  ready.is_readable = is_reading && (files[2].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
  ready.is_writable = (files[2].revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
  return ready;
}

void SubscriberLoop::apply(const Mail& mail) {
  for (const Settlement& settlement : mail.settlements) {
    if (settlement.outcome == Outcome::refused) session_.refuse(settlement.receipt);
    feed_.settle(settlement.receipt);
  }
  session_.settle();
  if (mail.is_resumed) has_room_ = true;
  if (mail.is_intake_stopped && !is_intake_stopped_) {
    offer();
    is_intake_stopped_ = true;
  }
  is_paused_ = mail.is_paused;
  must_end_ = mail.must_end;
}

void SubscriberLoop::resolve() {
  state_ = State::resolving;
  resolver_.ask(broker_);
}

void SubscriberLoop::on_resolved() {
  Result<Resolver::Addresses> answer = Resolver::Addresses{};
  if (!resolver_.take(answer)) return;
  if (!answer.is_ok()) return rest(answer.error().message);
  addresses_ = std::move(answer).value();
  std::ranges::reverse(addresses_);
  connect_next();
}

void SubscriberLoop::connect_next() {
  if (addresses_.empty()) return rest("the broker has no address");
  const SocketAddress address = std::move(addresses_.back());
  addresses_.pop_back();
  Result<FileDescriptor> begun = begin_connect(address);
  if (!begun.is_ok()) return addresses_.empty() ? rest(begun.error().message) : connect_next();
  socket_ = std::move(begun).value();
  connect_deadline_ = feed_.now() + tcp_connect_timeout;
  state_ = State::connecting;
}

void SubscriberLoop::on_connecting() {
  const int error = feed_.now() >= connect_deadline_ ? ETIMEDOUT : connect_error(socket_.get());
  if (error == 0) {
    state_ = State::talking;
    input_.clear();
    session_.connect();
    return;
  }
  if (!addresses_.empty()) return connect_next();
  rest(system_error("cannot connect", error));
}

void SubscriberLoop::read() {
  std::size_t count = 0;
  switch (receive_some(socket_.get(), buffer_, count)) {
    case Transfer::would_block:
      return;
    case Transfer::closed:
      return session_.connection_lost();
    case Transfer::done:
      break;
  }
  consume(std::string_view(buffer_.data(), count));
  if (feed_.batch().bytes() >= broker_offer_bytes) offer();
}

void SubscriberLoop::consume(std::string_view received) {
  if (input_.empty()) {
    received.remove_prefix(session_.receive(received));
    input_ = received;
  } else {
    input_ += received;
    input_.erase(0, session_.receive(input_));
  }
  if (session_.is_connected()) backoff_.reset();
}

void SubscriberLoop::flush() {
  Transfer outcome = Transfer::done;
  if (!session_.output().empty()) outcome = send_some(socket_.get(), session_.output());
  if (outcome == Transfer::closed) session_.connection_lost();
  if (session_.is_closing()) rest(session_.trouble());
}

void SubscriberLoop::rest(std::string_view why) {
  socket_.close();
  session_.output().clear();
  state_ = State::resting;
  const Duration wait = backoff_.next();
  retry_at_ = feed_.now() + wait;
  if (why.empty()) return;
  board_.set_error(why, context_.clock.wall());
  log_.report(feed_.now().count(), LogLevel::warning,
              "No connection to the MQTT broker; trying again",
              {{"source", context_.name}, {"broker", format_endpoint(broker_)}, {"reason", why}});
}

void SubscriberLoop::offer() {
  if (is_paused_ || is_intake_stopped_ || feed_.batch().empty()) return;
  context_.intake.offer(feed_.batch());
  has_room_ = context_.intake.has_room();
}

// Takes the board's lock only when something has changed. A filter that the broker refuses does not
// stop the others.
void SubscriberLoop::publish_status() {
  const bool is_talking = state_ == State::talking;
  const std::string_view trouble = is_talking ? session_.trouble() : std::string_view{};
  if (trouble != shown_trouble_) {
    shown_trouble_ = trouble;
    if (!trouble.empty()) {
      board_.set_error(trouble, context_.clock.wall());
      log_.report(feed_.now().count(), LogLevel::error, "The MQTT broker refused a subscription",
                  {{"source", context_.name}, {"reason", trouble}});
    }
  }
  const bool is_running = is_talking && session_.is_subscribed();
  const bool is_connected = is_talking && session_.is_connected();
  if (is_running == is_shown_running_ && is_connected == is_shown_connected_) return;
  is_shown_running_ = is_running;
  is_shown_connected_ = is_connected;
  board_.update([&](SourceStatus& status) {
    if (is_running) status.last_error.clear();
    status.is_running = is_running;
    status.connections = is_connected ? 1 : 0;
  });
}

}  // namespace sluice::mqtt
