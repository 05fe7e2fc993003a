// Account: what one upstream has received, and what must hold of it.
//
//   - no (source, id) ever stands for two contents
//   - after dropping repeats by (source, id), no reading of a device is there twice
//   - no window has one revision under two ids
//   - in the end: every acknowledged reading, and of each window a last revision that equals what
//     the readings themselves add up to
//
// It reads the JSON with another library than the gateway, and computes windows its own way.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/devices.h"

namespace sluice::sim {

class Account {
 public:
  static constexpr Duration window = std::chrono::seconds(1);

  // `what` names the sink in complaints; readings of sources in `windowed` make up windows.
  Account(std::string what, std::vector<std::string> windowed, std::vector<std::string>& complaints)
      : what_(std::move(what)), windowed_(std::move(windowed)), complaints_(complaints) {}

  // A body of lines, each a CloudEvent.
  void take_body(std::string_view body);
  // One event. What upstream refused for good is a dead letter, and accounted for like what
  // arrived.
  void take_line(std::string_view line);

  // All is sent: every acknowledged reading must be here.
  void check_arrived(const std::vector<Device>& devices) const;
  // The last revision of every window whose end is not after `closed`.
  void check_windows(Timestamp closed) const;

  std::size_t readings() const { return readings_.size(); }
  std::size_t windows() const { return windows_.size(); }
  std::size_t repeats() const { return repeats_; }
  std::size_t later_revisions() const { return later_revisions_; }

 private:
  struct Sums {
    std::int64_t events = 0;
    std::int64_t total = 0;
    std::int64_t highest_seq = 0;
    bool operator==(const Sums&) const = default;
  };
  struct Reading {
    std::string id;
    std::string source;  // the name in [sources.NAME]
    std::string time;
    std::int64_t value = 0;
  };
  struct Result {
    std::string id;
    Sums sums;
  };
  using WindowName = std::pair<std::string, std::string>;  // device, start

  void complain(const std::string& sentence) const {
    complaints_.push_back(what_ + ": " + sentence);
  }
  std::map<WindowName, Sums> expected_windows(Timestamp closed) const;
  static std::string text(const WindowName& name, const Sums& sums);

  const std::string what_;
  const std::vector<std::string> windowed_;
  std::vector<std::string>& complaints_;
  std::map<std::pair<std::string, std::string>, std::string> contents_;  // (source, id) -> line
  std::map<std::pair<std::string, std::uint64_t>, Reading> readings_;    // (device, seq)
  std::map<WindowName, std::map<std::uint64_t, Result>> windows_;        // by revision
  std::size_t repeats_ = 0;
  std::size_t later_revisions_ = 0;
};

}  // namespace sluice::sim
