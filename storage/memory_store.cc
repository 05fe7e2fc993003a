#include "storage/memory_store.h"

namespace sluice {

Result<void> MemoryStore::commit(const WriteBatch& batch) {
  const std::scoped_lock lock(mutex_);
  if (failures_ > 0) {
    --failures_;
    return failure_;
  }
  if (used_ + batch.bytes() > max_bytes_) return Error{ErrorKind::no_space, "the store is full"};
  for (const auto& operation : batch.operations()) {
    if (const auto found = pairs_.find(operation.key); found != pairs_.end()) {
      used_ -= found->first.size() + found->second.size();
      pairs_.erase(found);
    }
    if (operation.is_erase) continue;
    used_ += operation.key.size() + operation.value.size();
    pairs_.emplace(operation.key, operation.value);
  }
  ++commits_;
  return {};
}

Result<std::optional<std::string>> MemoryStore::get(std::string_view key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = pairs_.find(key);
  if (found == pairs_.end()) return std::optional<std::string>();
  return std::optional(found->second);
}

Result<void> MemoryStore::scan(std::string_view first, std::string_view end,
                               const Visit& visit) const {
  const std::scoped_lock lock(mutex_);
  for (auto pair = pairs_.lower_bound(first); pair != pairs_.end() && pair->first < end; ++pair) {
    if (!visit(pair->first, pair->second)) break;
  }
  return {};
}

Result<std::optional<std::pair<std::string, std::string>>> MemoryStore::last(
    std::string_view first, std::string_view end) const {
  const std::scoped_lock lock(mutex_);
  auto pair = pairs_.lower_bound(end);
  if (pair == pairs_.begin() || (--pair)->first < first) {
    return std::optional<std::pair<std::string, std::string>>();
  }
  return std::optional(std::pair<std::string, std::string>(pair->first, pair->second));
}

StoreUsage MemoryStore::usage() const {
  const std::scoped_lock lock(mutex_);
  return {used_, used_, max_bytes_};
}

void MemoryStore::fail_next_commits(int count, Error error) {
  const std::scoped_lock lock(mutex_);
  failures_ = count;
  failure_ = std::move(error);
}

bool MemoryStore::damage(std::string_view key, std::string value) {
  const std::scoped_lock lock(mutex_);
  const auto found = pairs_.find(key);
  if (found == pairs_.end()) return false;
  found->second = std::move(value);
  return true;
}

std::uint64_t MemoryStore::commits() const {
  const std::scoped_lock lock(mutex_);
  return commits_;
}

std::map<std::string, std::string, std::less<>> MemoryStore::contents() const {
  const std::scoped_lock lock(mutex_);
  return pairs_;
}

}  // namespace sluice
