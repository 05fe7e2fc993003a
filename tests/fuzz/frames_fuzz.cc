// Fuzz target: Ethernet frames at the board's ARP, IPv4 and UDP. Two bytes of length, then a frame,
// and so on. The first byte of all says whether checksums are put right first, so that the fuzzer
// gets past them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "core/result.h"

extern "C" {
#include "firmware-sim/cortex-m/lan9118.h"
#include "firmware-sim/cortex-m/net.h"
}

namespace {

std::deque<std::vector<std::uint8_t>> incoming;

void store16(std::uint8_t* at, unsigned number) {
  at[0] = static_cast<std::uint8_t>(number >> 8);
  at[1] = static_cast<std::uint8_t>(number);
}

// As from the peer, whatever else it says.
void put_right(std::vector<std::uint8_t>& frame) {
  if (frame.size() < 42 || frame[12] != 8 || frame[13] != 0) return;
  std::uint8_t* const ip = frame.data() + 14;
  const std::uint8_t peer[] = {10, 0, 2, 2, 10, 0, 2, 15, 0x64, 0x53, 0x16, 0x33};
  std::copy(peer, peer + sizeof peer, ip + 12);
  store16(ip + 10, 0);
  store16(ip + 10, net_checksum(net_sum(0, ip, 20)));
  store16(ip + 26, 0);
}

}  // namespace

extern "C" bool lan9118_start(const std::uint8_t* /*mac*/) { return true; }

extern "C" bool lan9118_send(const std::uint8_t* frame, std::size_t size) {
  CHECK(size >= 14 && size <= lan9118_max_frame);
  std::uint32_t sum = 0;  // all of it is there to be read
  for (std::size_t i = 0; i < size; ++i) sum += frame[i];
  return sum != 1;
}

extern "C" std::size_t lan9118_receive(std::uint8_t* frame, std::size_t room) {
  if (incoming.empty()) return 0;
  const std::size_t size = std::min(incoming.front().size(), room);
  if (size > 0) std::memcpy(frame, incoming.front().data(), size);
  incoming.pop_front();
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const NetConfig config = {
      {0x52, 0x54, 0, 0x12, 0x34, 0x56}, {10, 0, 2, 15}, {10, 0, 2, 2}, 0x1633, 0x6453};
  Net net;
  CHECK(net_start(&net, &config));
  const bool is_helped = size > 0 && (data[0] & 1) != 0;
  std::size_t at = 1;
  incoming.clear();
  while (at + 2 < size) {
    const std::size_t wanted = std::size_t{data[at]} << 8 | data[at + 1];
    const std::size_t taken = std::min({wanted, size - at - 2, std::size_t{lan9118_max_frame}});
    incoming.emplace_back(data + at + 2, data + at + 2 + taken);
    if (is_helped) put_right(incoming.back());
    at += 2 + taken;
  }
  std::uint64_t now_ms = 1;
  while (!incoming.empty()) {
    // Its own allocation of the exact size: the address sanitizer sees a write past the end.
    std::vector<std::uint8_t> payload(1024);
    CHECK(net_receive(&net, payload.data(), payload.size(), now_ms) <= payload.size());
    net_send(&net, payload.data(), payload.size(), now_ms += 1000);
  }
  return 0;
}
