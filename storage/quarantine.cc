#include "storage/quarantine.h"

#include <utility>
#include <vector>

#include "storage/keys.h"

namespace sluice {
namespace {

const std::string quarantine_prefix(1, keys::quarantine);

}  // namespace

Result<bool> put_quarantine(const Store& store, WriteBatch& batch, const std::string& record_key) {
  if (TRY(count_quarantined(store)) >= max_quarantined_records) return false;
  const std::string copy_key = quarantine_prefix + record_key;
  if (TRY(store.last(copy_key, keys::after(copy_key)))) return false;
  std::vector<std::pair<std::string, std::string>> parts;
  TRY(store.scan(record_key, keys::after(record_key),
                 [&](std::string_view key, std::string_view value) {
                   parts.emplace_back(quarantine_prefix + std::string(key), value);
                   return true;
                 }));
  for (auto& [key, value] : parts) batch.put(std::move(key), std::move(value));
  return !parts.empty();
}

Result<std::size_t> drop_quarantine(const Store& store, WriteBatch& batch) {
  TRY(store.scan_keys(quarantine_prefix, keys::after(quarantine_prefix), [&](std::string_view key) {
    batch.erase(std::string(key));
    return true;
  }));
  return count_quarantined(store);
}

Result<std::size_t> count_quarantined(const Store& store) {
  std::size_t records = 0;
  std::string last;  // without the part
  TRY(store.scan_keys(quarantine_prefix, keys::after(quarantine_prefix), [&](std::string_view key) {
    const std::string_view record = key.substr(0, key.size() - 1);
    if (record != last) ++records;
    last = record;
    return true;
  }));
  return records;
}

}  // namespace sluice
