// FlashAccount: what the gateway writes to its disk, by the kernel's own account, and how far a
// daily budget lets it go on.
//
//   /proc/self/io write_bytes --every second--> written, per day, per commit
//                                                   '--> over the budget: commits go further apart
//
// The kernel counts whole folios, which the file systems of newer kernels (ext4 since 6.16) make
// larger than a page: its figure is then an upper bound. Of 46.8 bytes an event, 31.8 reached the
// device.
//
// sample(): engine thread; figures(): any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "core/clock.h"

namespace sluice {

struct FlashFigures {
  std::uint64_t written_bytes = 0;   // since the process started
  double bytes_per_day = 0;          // at the rate of the last hour, or since the start
  double bytes_per_commit = 0;       // lately
  std::uint64_t budget_per_day = 0;  // 0: none
  Duration stretched_interval{0};    // between commits, to keep the budget; zero: as configured
  bool is_over_budget = false;       // even so
};

class FlashAccount {
 public:
  // Bytes that this process has had written to disks; nothing when the kernel does not say.
  static std::uint64_t read_kernel_account();

  // `budget_per_day` 0: none.
  FlashAccount(std::uint64_t budget_per_day, std::function<std::uint64_t()> read_written);

  // Now and then, some times a minute at least; `commits` so far.
  void sample(Duration now, std::uint64_t commits);
  // How far apart commits should be; zero: as configured. Engine thread.
  Duration stretched_interval() const { return figures_.stretched_interval; }

  FlashFigures figures() const;

 private:
  const std::uint64_t budget_per_day_;
  const std::function<std::uint64_t()> read_written_;

  // Engine thread only.
  bool has_sampled_ = false;
  Duration sampled_at_{};
  std::uint64_t sampled_bytes_ = 0;
  std::uint64_t sampled_commits_ = 0;
  double allowance_ = 0;  // bytes that may be written at once
  double bytes_per_second_ = 0;
  double watched_seconds_ = 0;

  mutable std::mutex mutex_;
  FlashFigures figures_;  // written under mutex_ by the engine thread
};

}  // namespace sluice
