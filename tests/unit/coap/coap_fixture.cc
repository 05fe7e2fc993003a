#include "tests/unit/coap/coap_fixture.h"

#include <array>
#include <cstring>

namespace sluice {
namespace {

// The four bits of an option's delta or length, and the bytes that follow when they do not suffice.
std::uint8_t nibble(std::size_t value, std::string& extended) {
  if (value < 13) return static_cast<std::uint8_t>(value);
  if (value < 269) {
    extended.push_back(static_cast<char>(value - 13));
    return 13;
  }
  extended.push_back(static_cast<char>((value - 269) >> 8));
  extended.push_back(static_cast<char>((value - 269) & 0xFF));
  return 14;
}

std::size_t read_nibble(std::size_t bits, std::string_view& rest) {
  std::size_t value = bits;
  if (bits == 13) {
    value = 13 + static_cast<unsigned char>(rest[0]);
    rest.remove_prefix(1);
  } else if (bits == 14) {
    value = 269 + (static_cast<std::size_t>(static_cast<unsigned char>(rest[0])) << 8) +
            static_cast<unsigned char>(rest[1]);
    rest.remove_prefix(2);
  }
  return value;
}

}  // namespace

std::string number_bytes(unsigned number) {
  std::string bytes;
  for (; number != 0; number >>= 8) bytes.insert(bytes.begin(), static_cast<char>(number & 0xFF));
  return bytes;
}

std::string write_packet(const Packet& packet) {
  std::string bytes;
  bytes.push_back(static_cast<char>(0x40U | unsigned{packet.type} << 4 | packet.token.size()));
  bytes.push_back(static_cast<char>(packet.code));
  bytes.push_back(static_cast<char>(packet.message_id >> 8));
  bytes.push_back(static_cast<char>(packet.message_id & 0xFF));
  bytes += packet.token;
  std::size_t last = 0;
  for (const auto& [option, value] : packet.options) {
    std::string extended;
    const std::uint8_t delta = nibble(option - last, extended);
    const std::uint8_t length = nibble(value.size(), extended);
    bytes.push_back(static_cast<char>(delta << 4 | length));
    bytes += extended + value;
    last = option;
  }
  if (!packet.payload.empty()) bytes += '\xFF' + packet.payload;
  return bytes;
}

std::optional<Packet> read_packet(std::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  Packet packet;
  packet.type = static_cast<std::uint8_t>(at(0) >> 4 & 3);
  packet.code = at(1);
  packet.message_id = static_cast<std::uint16_t>(at(2) << 8 | at(3));
  const std::size_t token_bytes = at(0) & 15U;
  packet.token = bytes.substr(4, token_bytes);
  std::string_view rest = bytes.substr(4 + token_bytes);
  std::size_t option = 0;
  while (!rest.empty() && rest[0] != '\xFF') {
    const auto head = static_cast<unsigned char>(rest[0]);
    rest.remove_prefix(1);
    option += read_nibble(head >> 4, rest);
    const std::size_t length = read_nibble(head & 15U, rest);
    packet.options.emplace(option, rest.substr(0, length));
    rest.remove_prefix(length);
  }
  if (!rest.empty()) packet.payload = rest.substr(1);
  return packet;
}

CoapDevice::CoapDevice(std::uint16_t port) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server), 0);
}

void CoapDevice::send_bytes(const std::string& bytes) {
  EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
}

Packet CoapDevice::receive() {
  pollfd readable{fd_, POLLIN, 0};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  if (poll(&readable, 1, static_cast<int>(limit)) != 1) {
    ADD_FAILURE() << "no packet came";
    return {};
  }
  std::array<char, 2048> bytes{};
  const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
  const auto packet =
      read_packet({bytes.data(), size > 0 ? static_cast<std::size_t>(size) : std::size_t{0}});
  EXPECT_TRUE(packet);
  return packet.value_or(Packet{});
}

std::string CoapDevice::address() const {
  sockaddr_in own{};
  socklen_t size = sizeof own;
  EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size), 0);
  return "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
}

std::uint16_t CoapSourceTest::start() {
  source_ =
      std::make_unique<CoapSource>(config_, SourceContext{"meters", engine_, clock_, metrics_});
  const auto started = source_->start({});
  EXPECT_TRUE(started) << started.error().message;
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (!source_->status().is_running && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  const SourceStatus status = source_->status();
  EXPECT_TRUE(status.is_running) << status.last_error;
  const std::size_t colon = status.address.rfind(':');
  return static_cast<std::uint16_t>(std::stoi(status.address.substr(colon + 1)));
}

Packet CoapSourceTest::request(std::string_view path, std::string payload, std::uint16_t message_id,
                               std::string token) {
  Packet packet;
  packet.message_id = message_id;
  packet.token = std::move(token);
  packet.payload = std::move(payload);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    packet.options.emplace(uri_path, path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return packet;
}

}  // namespace sluice
