// Fuzz target: whatever comes in over the air at a sensor's core, CoAP or MQTT. The first byte
// chooses protocol and format; then each byte is something that happens, with what it needs behind
// it. However bad the packets are, each reading is acknowledged, held or counted as dropped.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "core/result.h"
#include "firmware-sim/node/node.h"

namespace sluice {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool is_empty() const { return size_ == 0; }
  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  Bytes bytes(std::size_t wanted) {
    Bytes taken(data_, data_ + std::min(wanted, size_));
    data_ += taken.size();
    size_ -= taken.size();
    return taken;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

struct World {
  std::uint64_t now_ms = 0;
  std::uint32_t random = 1;
  NodeSent answer = node_sent;
  bool has_ended = false;
  std::deque<Bytes> incoming;
  Bytes sent;
  Bytes saved;
};

World& world_of(void* context) { return *static_cast<World*>(context); }

NodePort port_of(World& world) {
  NodePort port{};
  port.context = &world;
  port.now_ms = [](void* context) { return world_of(context).now_ms; };
  port.send = [](void* context, const std::uint8_t* bytes, std::size_t size) {
    World& self = world_of(context);
    if (self.answer == node_sent) self.sent.assign(bytes, bytes + size);
    return self.answer;
  };
  port.receive = [](void* context, std::uint8_t* bytes, std::size_t room) -> std::int32_t {
    World& self = world_of(context);
    if (self.incoming.empty()) return std::exchange(self.has_ended, false) ? -1 : 0;
    const Bytes packet = self.incoming.front();
    self.incoming.pop_front();
    const std::size_t size = std::min(room, packet.size());
    if (size > 0) std::memcpy(bytes, packet.data(), size);
    return static_cast<std::int32_t>(size);
  };
  port.random = [](void* context) { return world_of(context).random += 0x9E3779B9U; };
  port.store = [](void* context, NodeStoreAction action, std::uint8_t* bytes, std::size_t size) {
    Bytes& saved = world_of(context).saved;
    if (action == node_store_save) {
      saved.assign(bytes, bytes + size);
    } else if (!saved.empty()) {
      std::memcpy(bytes, saved.data(), size);
    }
    return !saved.empty();
  };
  return port;
}

// Its own allocation of the exact size: the address sanitizer sees a read past the end.
void decode_alone(const Bytes& packet) {
  NodeCoapMessage message;
  if (node_coap_decode(packet.data(), packet.size(), &message) != node_coap_ok) return;
  NodeCoapOption option{};
  std::uint32_t last = 0;
  while (node_coap_next_option(&message, &option)) {
    CHECK(option.number >= last);
    last = option.number;
    (void)node_coap_option_number(&option);
  }
  CHECK(message.payload_size == 0 ||
        message.payload + message.payload_size == packet.data() + packet.size());
  NodeCommand command;
  const std::uint8_t code = node_command_read(&message, &command);
  CHECK((command.kind != node_command_none) == (code == node_coap_changed));
}

// The gateway's answer to what was sent last, but for what the input bends.
Bytes likely_answer(const World& world, NodeProtocol protocol, std::uint8_t how) {
  const Bytes& sent = world.sent;
  if (protocol == node_over_coap) {
    if (sent.size() < 8) return {};
    Bytes answer{0x64, how, sent[2], sent[3], sent[4], sent[5], sent[6], sent[7]};
    if ((how & 0x10) != 0) answer[0] = 0x44;  // separate, with the request's own number
    return answer;
  }
  if (!sent.empty() && sent[0] == 0x10) return {0x20, 2, static_cast<std::uint8_t>(how & 1), 0};
  if (sent.size() < 7) return {0xD0, 0};
  const std::size_t at = (sent[1] & 128) != 0 ? 6 : 5;
  return {0x40, 2, sent[at], sent[at + 1]};
}

class Life {
 public:
  explicit Life(std::uint8_t choice) : port_(port_of(world_)), memory_(node_ring_bytes(5, 2)) {
    config_.name = "dev-7";
    config_.path = "p";
    config_.version = "1";
    config_.channels = channels_;
    config_.channel_count = 2;
    config_.batch = 3;
    config_.keep_alive_s = 30;
    config_.protocol = (choice & 1) != 0 ? node_over_mqtt : node_over_coap;
    constexpr NodeFormat formats[] = {node_senml_json, node_senml_cbor, node_plain_json,
                                      node_plain_json};
    config_.format = formats[choice >> 1 & 3];
    config_.interval_ms = 1000;
    config_.battery.capacity_uah = (choice & 8) != 0 ? 1 : 0;
    config_.battery.send_nc_per_byte = 100;
    start();
  }

  void happen(Input& input) {
    const std::uint8_t what = input.byte();
    switch (what & 7) {
      case 0: {
        Bytes packet = input.bytes(std::size_t{input.byte()} + (what >> 3));
        packet.shrink_to_fit();
        decode_alone(packet);
        world_.incoming.push_back(packet);
        break;
      }
      case 1:
        world_.incoming.push_back(likely_answer(world_, config_.protocol, input.byte()));
        break;
      case 2: {
        Bytes answer = likely_answer(world_, config_.protocol, input.byte());
        const Bytes rest = input.bytes(what >> 3);
        answer.insert(answer.end(), rest.begin(), rest.end());
        world_.incoming.push_back(answer);
        break;
      }
      case 3:
        world_.now_ms += std::uint64_t{1} << (what >> 3);
        break;
      case 4:
      case 5: {
        const std::int32_t values[] = {what * 1000, input.byte()};
        const std::uint32_t before = node_.counters.taken;
        node_take(&node_, values);
        taken_ += node_.counters.taken - before;
        break;
      }
      case 6:
        acknowledged_ += node_.counters.acknowledged;
        start();
        break;
      default:
        world_.answer = static_cast<NodeSent>(what / 8 % 3);
        world_.has_ended = (what & 128) != 0;
        break;
    }
    const NodeVerdict verdict = node_poll(&node_);
    (void)node_wake_ms(&node_);
    CHECK(taken_ ==
          acknowledged_ + node_.counters.acknowledged + node_.ring.count + node_.ring.dropped);
    if (verdict == node_restarts) {
      acknowledged_ += node_.counters.acknowledged;
      start();
    }
  }

 private:
  void start() {
    CHECK(node_start(&node_, &config_, &port_, memory_.data(), memory_.size()) == node_started);
  }

  const NodeChannel channels_[2] = {{"temperature", "Cel"}, {"humidity", "%RH"}};
  World world_;
  NodePort port_;
  NodeConfig config_{};
  Bytes memory_;
  Node node_{};
  std::uint64_t taken_ = 0;
  std::uint64_t acknowledged_ = 0;  // in the lives before
};

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  sluice::Life life(data[0]);
  sluice::Input input(data + 1, size - 1);
  while (!input.is_empty()) life.happen(input);
  return 0;
}
