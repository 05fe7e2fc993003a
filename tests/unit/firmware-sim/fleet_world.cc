#include "tests/unit/firmware-sim/fleet_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace sluice::sim {
namespace {

// The number behind "name": in a flat JSON object; 0: it is not there.
std::uint64_t number_in(std::string_view json, const std::string& name) {
  const std::size_t at = json.find('"' + name + "\":");
  return at == std::string_view::npos
             ? 0
             : std::strtoull(std::string(json.substr(at + name.size() + 3)).c_str(), nullptr, 10);
}

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

NodeSent FleetWorld::send(Link link, std::span<const std::uint8_t> bytes) {
  if (protocols_[link] == Protocol::coap) {
    take_coap(link, bytes);
    return node_sent;
  }
  const bool is_connect = bytes[0] == 0x10;
  if (!is_connect && connected.count(link) == 0) return node_sent_closed;
  take_mqtt(link, bytes);
  return node_sent;
}

void FleetWorld::take_coap(Link link, std::span<const std::uint8_t> bytes) {
  ASSERT_GE(bytes.size(), 8U);
  if (bytes[0] != 0x44 || bytes[1] != 0x02) return;  // a CON POST with a token of four bytes
  const auto id = static_cast<std::uint16_t>(bytes[2] << 8 | bytes[3]);
  if (!message_ids_[link].insert(id).second) ++repeats;
  const auto marker = std::find(bytes.begin() + 8, bytes.end(), 0xFF);
  const auto payload_at = static_cast<std::size_t>(marker - bytes.begin()) + 1;
  if (coap_code >> 5 == 2) take_report(link, text_of(bytes.subspan(payload_at)));
  std::vector<std::uint8_t> answer(bytes.begin(), bytes.begin() + 8);
  answer[0] = 0x64;
  answer[1] = coap_code;
  reply(link, answer);
}

void FleetWorld::take_mqtt(Link link, std::span<const std::uint8_t> bytes) {
  if (bytes[0] == 0x10) {
    ++connects;
    connected.insert(link);
    const bool had_session = !sessions_.insert(link).second;
    reply(link, {0x20, 2, static_cast<std::uint8_t>(had_session && !forgets_session ? 1 : 0), 0});
  } else if (bytes[0] >> 4 == 3) {
    if ((bytes[0] & 8) != 0) ++repeats;
    std::size_t at = 1;
    while ((bytes[at++] & 0x80) != 0) {
    }
    at += 2 + (std::size_t{bytes[at]} << 8 | bytes[at + 1]);
    reply(link, {0x40, 2, bytes[at], bytes[at + 1]});
    take_report(link, text_of(bytes.subspan(at + 2)));
  } else if (bytes[0] == 0xC0) {
    reply(link, {0xD0, 0});
  }
}

void FleetWorld::take_report(Link link, std::string_view payload) {
  if (is_deaf) return;
  arrivals.emplace_back(now_, link);
  const std::size_t end = payload.find("\",\"boot\"");
  const bool is_sound = payload.starts_with("{\"device\":\"") && payload.ends_with('}') &&
                        end != std::string_view::npos &&
                        std::ranges::all_of(payload, [](char c) { return (c & 0x80) == 0; });
  if (!is_sound) {
    malformed.emplace_back(payload);
    return;
  }
  readings[{std::string(payload.substr(11, end - 11)), number_in(payload, "boot"),
            number_in(payload, "seq")}]
      .emplace_back(payload);
}

void FleetWorld::reply(Link link, std::vector<std::uint8_t> bytes) {
  if (!is_deaf) under_way_.emplace(now_ + answer_after_ms, std::pair(link, std::move(bytes)));
}

std::int32_t FleetWorld::receive(Link link, std::span<std::uint8_t> room) {
  auto& inbox = inbox_[link];
  if (inbox.empty()) return 0;
  const std::vector<std::uint8_t> bytes = inbox.front();
  inbox.pop_front();
  EXPECT_LE(bytes.size(), room.size());
  std::ranges::copy(bytes, room.begin());
  return static_cast<std::int32_t>(bytes.size());
}

void FleetWorld::close(Link link) {
  connected.erase(link);
  inbox_[link].clear();
  std::erase_if(under_way_, [link](const auto& entry) { return entry.second.first == link; });
}

void FleetWorld::wait(double until_ms, std::vector<Link>& ready) {
  EXPECT_LT(until_ms, 1e15) << "nothing would ever happen again";
  if (!under_way_.empty()) until_ms = std::min(until_ms, under_way_.begin()->first);
  now_ = std::max(now_, until_ms) + late_ms;
  while (!under_way_.empty() && under_way_.begin()->first <= now_) {
    auto& [link, bytes] = under_way_.begin()->second;
    inbox_[link].push_back(std::move(bytes));
    ready.push_back(link);
    under_way_.erase(under_way_.begin());
  }
}

}  // namespace sluice::sim
