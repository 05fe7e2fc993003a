// MemoryStore: the Store of the simulation. "Durable" is what a test keeps when it makes a crash.
#pragma once

#include <map>
#include <mutex>

#include "storage/store.h"

namespace sluice {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::uint64_t max_bytes = 1ULL << 30) : max_bytes_(max_bytes) {}

  Result<void> commit(const WriteBatch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) const override;
  Result<void> scan(std::string_view first, std::string_view end,
                    const Visit& visit) const override;
  Result<std::optional<std::pair<std::string, std::string>>> last(
      std::string_view first, std::string_view end) const override;
  StoreUsage usage() const override;

  // The next `count` commits fail with this error and change nothing.
  void fail_next_commits(int count, Error error);
  // Replaces one stored value, as a bad disk does. False when there is no such key.
  bool damage(std::string_view key, std::string value);
  std::uint64_t commits() const;
  std::map<std::string, std::string, std::less<>> contents() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> pairs_;  // guarded by mutex_
  std::uint64_t used_ = 0;
  std::uint64_t commits_ = 0;
  int failures_ = 0;
  Error failure_{ErrorKind::no_space, {}};
  std::uint64_t max_bytes_;
};

}  // namespace sluice
