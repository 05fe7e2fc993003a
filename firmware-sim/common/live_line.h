// LiveLine: the one line of a program that changes while it runs.
//
// On a terminal it is redrawn in place; anywhere else nothing is shown, so logs do not flicker.
// With a file it is also written there, whole or not at all: packaging/demo reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sim {

class LiveLine {
 public:
  // `shown`: draw on standard error if that is a terminal. `file` may be empty.
  LiveLine(bool shown, std::string file);
  ~LiveLine();  // ends the drawn line
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  void update(std::string_view text);

 private:
  std::string file_;
  bool is_drawing_;
  bool has_drawn_ = false;
};

// 12345678 -> "12,345,678"
std::string grouped(std::uint64_t number);
// With `decimals` digits behind the point.
std::string fixed(double number, int decimals);
std::int64_t wall_ms();

}  // namespace sluice::sim
