// A real broker for the tests, and a client that keeps what it distributes.
#pragma once

#include <mqtt/async_client.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace sluice {

// Eclipse Mosquitto on a free loopback port, with a folder of its own.
class Mosquitto {
 public:
  static bool is_installed();

  // Starts it, with `settings` after those of the listener, and waits until it takes connections.
  explicit Mosquitto(std::string settings = "");
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  void kill();   // SIGKILL: it says goodbye to nobody
  void start();  // on the same port

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "mqtt://" + address(); }
  std::uint16_t port() const { return port_; }

 private:
  bool spawn();

  std::filesystem::path folder_;
  std::string settings_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

// What one PUBLISH brought.
struct Received {
  std::string topic, payload, content_type;
  int qos = 0;
  bool is_retained = false;
  std::map<std::string, std::string> user_properties;
};

// Subscribes to everything.
class Collector {
 public:
  explicit Collector(const Mosquitto& broker);
  // Waits for the next message; an empty one when patience ends.
  Received next();

 private:
  ::mqtt::async_client client_;
};

}  // namespace sluice

#define SKIP_WITHOUT_MOSQUITTO() \
  if (!Mosquitto::is_installed()) GTEST_SKIP() << "mosquitto (Debian: mosquitto) is not installed"
