// Progress: how far a copy is, how fast, and how long it still takes; a line on a terminal that is
// redrawn, and nothing where stderr is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

class Progress {
 public:
  Progress(std::string what, std::uint64_t total_bytes);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::uint64_t bytes);
  std::chrono::duration<double> spent() const;
  // "358 MB in 4.1 s, 87.3 MB/s"
  std::string summary() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::string line() const;

  const std::string what_;
  const std::uint64_t total_;
  const bool is_terminal_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point drawn_;
  std::uint64_t done_ = 0;
};

}  // namespace sluice
