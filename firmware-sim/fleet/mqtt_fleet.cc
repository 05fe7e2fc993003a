#include "firmware-sim/fleet/mqtt_fleet.h"

#include <algorithm>
#include <chrono>

#include "firmware-sim/common/draw.h"
#include "firmware-sim/fleet/mqtt_link.h"

namespace sluice::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t mqtt_window = 100;  // events in flight for each device
constexpr milliseconds farewell{2000};

// What a publish is known by while Paho has it, in the bits that any pointer has. Ticket 0 is a
// duplicate that nobody waits for.
constexpr std::uint32_t seq_bits = 24;
constexpr std::uint32_t ticket_of(std::uint32_t generation, std::uint64_t seq) {
  return (generation << seq_bits) | static_cast<std::uint32_t>(seq);
}
constexpr std::uint64_t seq_of(std::uint32_t ticket) { return ticket & ((1U << seq_bits) - 1); }
constexpr bool is_of(std::uint32_t generation, std::uint32_t ticket) {
  return ticket >> seq_bits == (generation & 0xffU);
}

}  // namespace

MqttFleet::MqttFleet(const MqttFleetOptions& options, std::vector<Device> devices,
                     Schedule schedule, const RunClock& clock, Tally& tally)
    : options_(options),
      schedule_(std::move(schedule)),
      clock_(clock),
      tally_(tally),
      inbox_(std::make_unique<MqttInbox>()) {
  CHECK(devices.size() <= max_devices);
  const std::string server = "tcp://" + options_.gateway.authority();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    links_.push_back(std::make_unique<MqttLink>(i, server, std::move(devices[i]), options_.seed,
                                                options_.qos > 0, *inbox_));
  }
}

MqttFleet::~MqttFleet() {
  for (const auto& link : links_) link->start_disconnect();
  const RunClock::Offset deadline = clock_.since_start() + farewell;
  const auto is_leaving = [](const auto& link) { return link->state == MqttLink::State::leaving; };
  while (std::any_of(links_.begin(), links_.end(), is_leaving) && clock_.since_start() < deadline) {
    for (const MqttNews& news : inbox_->take(RunClock::longest_wait)) {
      if (news.what == MqttNews::What::disconnected) {
        links_[news.link]->state = MqttLink::State::away;
      }
    }
  }
}

void MqttFleet::run() {
  RunClock::Offset over{};
  while (true) {
    const bool is_measuring = clock_.is_measuring() && !schedule_.is_over();
    const RunClock::Offset now = clock_.since_start();
    if (is_measuring) {
      measure_due();
      over = now + clock_.drain();
    } else if (is_drained() || now >= over || clock_.is_cut_short()) {
      break;
    }
    for (const auto& link : links_) {
      link->connect_if_due(now);
      if (link->state == MqttLink::State::connected) pump(*link);
    }
    RunClock::Offset wait = RunClock::longest_wait;
    if (is_measuring && !schedule_.is_over()) {
      wait = std::clamp(schedule_.due() - clock_.since_start(), RunClock::Offset::zero(), wait);
    }
    take_news(wait);
  }
  for (const auto& link : links_) {
    for (const Pending& pending : link->device.ring()) {
      tally_.unacknowledged(Protocol::mqtt, link->device, pending);
    }
  }
}

void MqttFleet::measure_due() {
  const RunClock::Offset now = clock_.since_start();
  for (; !schedule_.is_over() && schedule_.due() <= now; schedule_.advance()) {
    const bool is_taken =
        links_[schedule_.device()]->device.measure(clock_.wall_ms(schedule_.due()));
    tally_.add(is_taken ? &Counts::measured : &Counts::skipped);
  }
}

void MqttFleet::pump(MqttLink& link) {
  Device& device = link.device;
  while (device.in_flight() < mqtt_window) {
    Pending* const pending = device.take_unsent();
    if (pending == nullptr) return;
    const std::uint64_t seq = pending->seq;
    CHECK(seq < (1U << seq_bits));
    const std::string payload = device.payload(*pending);
    // The news of its acknowledgement may be there already, but only take_news() acts on it.
    if (!link.publish(payload, options_.qos, ticket_of(link.generation, seq))) {
      device.release(seq);
      return;
    }
    const bool is_first = Device::mark_sent(*pending, clock_.wall_ms());
    tally_.add(is_first ? &Counts::sent : &Counts::resent);
    const bool is_doubled =
        is_first && draw(options_.seed, "duplicate", device.index(), seq) < options_.duplicates;
    if (is_doubled && link.publish(payload, options_.qos, 0)) tally_.add(&Counts::duplicates);
  }
}

void MqttFleet::take_news(RunClock::Offset wait) {
  for (const MqttNews& news : inbox_->take(wait)) {
    MqttLink& link = *links_[news.link];
    Device& device = link.device;
    switch (news.what) {
      case MqttNews::What::connected:
        if (link.generation > 0) tally_.add(&Counts::reconnects);
        // Paho sends what is in flight again by itself when the session is still there.
        if (news.session_present) tally_.add(&Counts::resent, device.in_flight());
        link.on_connected(clock_.since_start(), news.session_present);
        break;
      case MqttNews::What::disconnected:
        link.on_disconnected(clock_.since_start());
        break;
      case MqttNews::What::failed:
        if (news.ticket != 0 && is_of(link.generation, news.ticket)) {
          device.release(seq_of(news.ticket));
        }
        break;
      case MqttNews::What::delivered: {
        Pending pending;
        if (news.ticket == 0 || !device.acknowledge(seq_of(news.ticket), pending)) break;
        if (options_.qos > 0) {
          tally_.acknowledged(Protocol::mqtt, device, pending, clock_.wall_ms());
        } else {
          tally_.unacknowledged(Protocol::mqtt, device, pending);  // nobody answers at QoS 0
        }
        break;
      }
    }
  }
}

bool MqttFleet::is_drained() const {
  return std::all_of(links_.begin(), links_.end(),
                     [](const auto& link) { return link->device.waiting() == 0; });
}

}  // namespace sluice::sim
