// SimStore: a MemoryStore that can also die in the middle of a commit. Its contents are what a
// power cut would leave.
#pragma once

#include <memory>
#include <utility>

#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice::sim {

// Not random, so that a run is a function of its seed.
constexpr const char* store_id = "5eed5eed5eed5eed";

class SimStore final : public Store {
 public:
  SimStore() {
    WriteBatch batch;
    batch.put(std::string(1, keys::meta) + "id", store_id);
    CHECK(memory_.commit(batch).is_ok());
  }
  // What the disk of `before` holds.
  explicit SimStore(const SimStore& before) {
    WriteBatch batch;
    for (const auto& [key, value] : before.memory_.contents()) batch.put(key, value);
    CHECK(memory_.commit(batch).is_ok());
  }
  SimStore& operator=(const SimStore&) = delete;

  // The next `count` commits fail and change nothing.
  void fail_next_commits(int count, ErrorKind kind) {
    memory_.fail_next_commits(count, {kind, "a simulated failure of the disk"});
  }
  // The next commit is durable, yet whoever made it dies before he learns of it. He sees an error
  // and must be given no further turn.
  void die_after_next_commit() { is_dying_ = true; }
  // True when that commit was made.
  bool has_died() const { return has_died_; }

  Result<void> commit(const WriteBatch& batch) override {
    CHECK(!has_died_);
    auto committed = memory_.commit(batch);
    if (!committed || !is_dying_) return committed;
    has_died_ = true;
    return Error{ErrorKind::try_later, "the power was cut"};
  }
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return memory_.get(key);
  }
  Result<void> scan(std::string_view first, std::string_view end,
                    const Visit& visit) const override {
    return memory_.scan(first, end, visit);
  }
  Result<std::optional<std::pair<std::string, std::string>>> last(
      std::string_view first, std::string_view end) const override {
    return memory_.last(first, end);
  }
  StoreUsage usage() const override { return memory_.usage(); }

 private:
  MemoryStore memory_;
  bool is_dying_ = false;
  bool has_died_ = false;
};

}  // namespace sluice::sim
