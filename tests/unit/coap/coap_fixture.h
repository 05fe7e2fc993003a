// A CoapSource on a loopback port, an engine that settles when it is told to, and devices that
// speak CoAP over a raw UDP socket.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "drivers/coap/coap_source.h"

namespace sluice {

constexpr auto patience = std::chrono::seconds(10);

// What of a message the tests look at, in memory of its own.
struct Taken {
  Receipt receipt;
  std::string sender, sender_key, topic, content_type, payload, headers;
  std::uint16_t number = 0;
  Repeat repeat = Repeat::never;
};

class FakeEngine final : public Intake {
 public:
  void offer(MessageBatch& batch) override {
    const std::lock_guard lock(mutex_);
    for (const Message& message : batch.messages()) {
      Taken& taken = taken_.emplace_back();
      taken.receipt = message.receipt;
      taken.sender = message.sender;
      taken.sender_key = message.sender_key;
      taken.topic = message.topic;
      taken.content_type = message.content_type;
      taken.payload = message.payload;
      for (const Property& header : message.headers) {
        taken.headers += std::string(header.name) + "=" + std::string(header.value) + ";";
      }
      taken.number = message.number;
      taken.repeat = message.repeat;
    }
    batch.clear();
    if (settles_at_once_ != nullptr) {
      settles_at_once_->settle(taken_.back().receipt, Outcome::stored);
    }
    changed_.notify_all();
  }
  bool has_room() const override { return has_room_; }

  void set_has_room(bool has_room) { has_room_ = has_room; }
  void settle_at_once(Source* source) {
    const std::lock_guard lock(mutex_);
    settles_at_once_ = source;
  }
  // Waits until so many messages have come in all.
  std::vector<Taken> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, patience, [&] { return taken_.size() >= count; }));
    return taken_;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return taken_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Taken> taken_;
  Source* settles_at_once_ = nullptr;
  std::atomic<bool> has_room_{true};
};

enum : std::uint8_t { con = 0, non = 1, ack = 2, rst = 3 };
enum : std::uint8_t { get = 1, post = 2, put = 3 };
enum : std::uint16_t {
  if_match = 1,
  if_none_match = 5,
  uri_path = 11,
  content_format = 12,
  max_age = 14,
  uri_query = 15,
  block1 = 27,
  size1 = 60,
};

struct Packet {
  std::uint8_t type = con;
  std::uint8_t code = post;
  std::uint16_t message_id = 0;
  std::string token;
  std::multimap<std::uint16_t, std::string> options;
  std::string payload;

  unsigned number(std::uint16_t option) const {
    unsigned value = 0;
    const auto found = options.find(option);
    EXPECT_NE(found, options.end()) << "no option " << option;
    if (found == options.end()) return 0;
    for (const char byte : found->second) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
};

std::string write_packet(const Packet& packet);
std::optional<Packet> read_packet(std::string_view bytes);
std::string number_bytes(unsigned number);

class CoapDevice {
 public:
  explicit CoapDevice(std::uint16_t port);
  ~CoapDevice() { close(fd_); }
  CoapDevice(const CoapDevice&) = delete;
  CoapDevice& operator=(const CoapDevice&) = delete;

  void send(const Packet& packet) { send_bytes(write_packet(packet)); }
  void send_bytes(const std::string& bytes);
  // The next packet that comes; fails the test when there is none.
  Packet receive();
  Packet exchange(const Packet& packet) {
    send(packet);
    return receive();
  }
  std::string address() const;  // its own, "127.0.0.1:port"

 private:
  int fd_;
};

class CoapSourceTest : public testing::Test {
 protected:
  CoapSourceTest() { config_.listen = {"coap://127.0.0.1:0"}; }
  ~CoapSourceTest() override { engine_.settle_at_once(nullptr); }

  // Starts the source and gives its port.
  std::uint16_t start();
  static Packet request(std::string_view path, std::string payload, std::uint16_t message_id,
                        std::string token = "tk");
  std::uint64_t refused(std::string reason) const {
    return metrics_.sum("sluice_source_refused_total",
                        {{"reason", std::move(reason)}, {"source", "meters"}});
  }
  void settle(const Taken& taken, Outcome outcome = Outcome::stored) {
    source_->settle(taken.receipt, outcome);
  }

  SystemClock clock_;
  Metrics metrics_;
  FakeEngine engine_;
  CoapSourceConfig config_;
  std::unique_ptr<CoapSource> source_;
};

}  // namespace sluice
