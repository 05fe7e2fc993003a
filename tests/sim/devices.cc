#include "tests/sim/devices.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::size_t max_in_flight = 8;
constexpr std::uint64_t packet_ids = 20;  // few, so that each is used for many messages

}  // namespace

void Device::measure(Timestamp now, std::uint64_t value, bool is_bad) {
  Reading reading;
  reading.seq = next_seq_++;
  const std::string seq = std::to_string(reading.seq);
  const std::string time =
      format_timestamp(std::chrono::time_point_cast<std::chrono::milliseconds>(now));
  reading.payload = R"({"device":")" + name_ + R"(","seq":)" + seq + R"(,"ts":")" + time +
                    R"(","value":)" + std::to_string(value) + R"(,"id":")" + name_ + "/" + seq +
                    R"("})";
  if (is_bad) reading.payload.back() = ']';
  reading.token = "t" + seq;
  reading.is_bad = is_bad;
  reading.was_sent = false;
  unacknowledged_.push_back(std::move(reading));
}

void Device::reconnect() {
  ++connection_;
  in_flight_ = 0;
}

const Message* Device::next_to_send(Timestamp now) {
  if (in_flight_ == unacknowledged_.size() || in_flight_ == max_in_flight) return nullptr;
  Reading& reading = unacknowledged_[in_flight_++];
  last_sent_ = reading.seq;
  message_ = {};
  message_.qos = 1;
  message_.sender = name_;
  message_.topic = "plant/telemetry";
  message_.payload = reading.payload;
  message_.received = now;
  switch (proof_) {
    case Proof::marked:
      message_.number = static_cast<std::uint16_t>(1 + reading.seq % packet_ids);
      message_.repeat = reading.was_sent ? Repeat::possible : Repeat::never;
      break;
    case Proof::own_id:
      break;
    case Proof::exchange:
      message_.number = static_cast<std::uint16_t>(1 + reading.seq % packet_ids);
      message_.sender_key = reading.token;
      message_.repeat = Repeat::proven;
      break;
  }
  reading.was_sent = true;
  return &message_;
}

void Device::acknowledge(std::uint64_t seq, std::uint64_t connection) {
  if (connection != connection_) return;
  const auto found = std::ranges::find(unacknowledged_, seq, &Reading::seq);
  CHECK(found != unacknowledged_.end());
  account_for(*found);
  unacknowledged_.erase(found);
  --in_flight_;
}

void Device::account_for(const Reading& reading) {
  if (reading.is_bad) {
    acknowledged_bad_.insert(reading.payload);
  } else {
    acknowledged_.insert(reading.seq);
  }
}

void DeviceSource::read_from(std::size_t device, std::size_t max_messages) {
  Device& from = *devices_[device];
  for (std::size_t i = 0; i < max_messages && !is_held_back_ && !is_stopped_; ++i) {
    if (!intake_.has_room()) {
      is_held_back_ = true;
      break;
    }
    const Message* next = from.next_to_send(clock_.wall());
    if (next == nullptr) break;
    Message message = *next;
    message.receipt = Receipt{++last_receipt_};
    offered_.push_back({message.receipt, &from, from.last_sent(), from.connection()});
    batch_.add(message);
    if (i % 3 == 2) intake_.offer(batch_);
  }
  if (!batch_.empty()) intake_.offer(batch_);
}

void DeviceSource::settle(Receipt receipt, Outcome outcome) {
  CHECK(outcome == Outcome::stored);
  while (!offered_.empty() && offered_.front().receipt <= receipt) {
    in_air_.push_back(offered_.front());
    offered_.pop_front();
  }
}

void DeviceSource::deliver_acknowledgements(std::size_t count) {
  for (; count > 0 && !in_air_.empty(); --count) {
    in_air_.front().device->acknowledge(in_air_.front().seq, in_air_.front().connection);
    in_air_.pop_front();
  }
}

}  // namespace sluice::sim
