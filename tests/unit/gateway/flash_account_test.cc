#include "gateway/flash_account.h"

#include <gtest/gtest.h>

#include "gateway/pace.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// A disk to which each commit writes 20 KB.
struct Disk {
  std::uint64_t written = 0;
  std::uint64_t commits = 0;
  void commit(std::uint64_t count) {
    commits += count;
    written += 20'000 * count;
  }
};

constexpr std::uint64_t gib = 1ULL << 30;

TEST(FlashAccount, Without_a_budget_it_only_counts) {
  Disk disk;
  FlashAccount account(0, [&] { return disk.written; });
  for (int second = 0; second <= 100; ++second) {
    account.sample(std::chrono::seconds(second), disk.commits);
    disk.commit(5);
  }
  EXPECT_EQ(account.stretched_interval(), 0s);
  EXPECT_EQ(account.figures().written_bytes, 100U * 5 * 20'000);
  EXPECT_NEAR(account.figures().bytes_per_day, 5.0 * 20'000 * 86'400, 1e6);
  EXPECT_NEAR(account.figures().bytes_per_commit, 20'000, 1);
}

TEST(FlashAccount, A_busy_hour_is_paid_from_what_was_saved_up) {
  Disk disk;
  FlashAccount account(gib, [&] { return disk.written; });
  int second = 0;
  for (; second <= 3'600 && account.stretched_interval() == 0s; ++second) {
    account.sample(std::chrono::seconds(second), disk.commits);
    disk.commit(5);
  }
  // 1 GiB a day is 12.4 kB/s; an hour's worth is 44.7 MB, used up at 87.6 kB/s more than comes in.
  EXPECT_NEAR(second, 510, 10);
}

TEST(FlashAccount, Over_a_day_the_budget_is_kept_by_stretching_commits) {
  Disk disk;
  FlashAccount account(gib, [&] { return disk.written; });
  double due = 0;
  for (int second = 0; second <= 86'400; ++second) {
    account.sample(std::chrono::seconds(second), disk.commits);
    const double interval =
        std::max(0.2, std::chrono::duration<double>(account.stretched_interval()).count());
    due += 1 / interval;
    const auto count = static_cast<std::uint64_t>(due);
    disk.commit(count);
    due -= static_cast<double>(count);
  }
  EXPECT_LT(static_cast<double>(disk.written), 1.06 * static_cast<double>(gib));
  EXPECT_GT(static_cast<double>(disk.written), 0.7 * static_cast<double>(gib));
  EXPECT_FALSE(account.figures().is_over_budget);
}

TEST(FlashAccount, What_cannot_be_kept_is_said) {
  Disk disk;
  FlashAccount account(10'000'000, [&] { return disk.written; });  // 116 B/s, 20 KB a commit
  for (int second = 0; second <= 2'000; ++second) {
    account.sample(std::chrono::seconds(second), disk.commits);
    disk.commit(1);
  }
  EXPECT_EQ(account.stretched_interval(), 5s);
  EXPECT_TRUE(account.figures().is_over_budget);
}

TEST(FlashAccount, The_kernel_counts_what_this_process_writes) {
  // A file on a memory file system counts nothing; that the field is there is all that holds
  // everywhere.
  const std::uint64_t before = FlashAccount::read_kernel_account();
  EXPECT_GE(FlashAccount::read_kernel_account(), before);
}

TEST(Pace, A_stretched_interval_holds_also_for_what_would_be_eager_or_full) {
  Pace pace({}, 1s);
  EXPECT_EQ(pace.linger(1, 100, 1s), 0s) << "eager";
  pace.stretch(2s);
  EXPECT_EQ(pace.linger(1, 100, 1s), 2s);
  EXPECT_EQ(pace.linger(10'000, 1'000'000, 2s), 1s);
  EXPECT_EQ(pace.linger(1, Pace::most_bytes, 2s), 0s) << "memory has its bound";
  pace.stretch(0s);
  EXPECT_EQ(pace.linger(500, 100, 2s), 0s);
}

}  // namespace
}  // namespace sluice
