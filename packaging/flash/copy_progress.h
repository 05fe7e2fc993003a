// CopyProgress: how far a copy of bytes is and how fast, as a bar on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/progress.h"

namespace sluice {

class CopyProgress {
 public:
  CopyProgress(std::string what, std::uint64_t total_bytes);

  void add(std::uint64_t bytes);
  // "358 MB in 4.1 s, 87.3 MB/s"
  std::string summary() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::duration<double> spent() const { return Clock::now() - began_; }

  Progress bar_;
  const std::uint64_t total_;
  const Clock::time_point began_ = Clock::now();
  std::uint64_t done_ = 0;
};

}  // namespace sluice
