#include "drivers/mqtt/sink/queue_memory.h"

#include <utility>

namespace sluice::mqtt {

void QueueMemory::open(const std::string& /*client_id*/, const std::string& /*url*/) { clear(); }

void QueueMemory::close() { clear(); }

void QueueMemory::clear() {
  const std::scoped_lock lock(mutex_);
  entries_.clear();
}

bool QueueMemory::contains_key(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  return entries_.contains(key);
}

::mqtt::string_collection QueueMemory::keys() const {
  const std::scoped_lock lock(mutex_);
  ::mqtt::string_collection keys;
  for (const auto& [key, bytes] : entries_) keys.push_back(key);
  return keys;
}

void QueueMemory::put(const std::string& key, const std::vector<::mqtt::string_view>& parts) {
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  std::string bytes;
  bytes.reserve(size);
  for (const auto& part : parts) bytes.append(part.data(), part.size());
  const std::scoped_lock lock(mutex_);
  entries_.insert_or_assign(key, std::move(bytes));
}

std::string QueueMemory::get(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? std::string() : found->second;
}

void QueueMemory::remove(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(key);
}

}  // namespace sluice::mqtt
