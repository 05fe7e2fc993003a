// Store: an ordered map of short byte keys to byte values, changed by atomic, durable commits.
//
//   WriteBatch --commit--> [ key -> value | key -> value | ... ] --get, scan-->
//
// One thread (the engine's) commits; any thread reads, in short read transactions.
// Implementations: LmdbStore (production), MemoryStore (tests, with faults to inject).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sluice {

// Changes that are committed together or not at all. Later changes of a key win.
class WriteBatch {
 public:
  void put(std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    operations_.push_back({std::move(key), std::move(value), false});
  }
  void erase(std::string key) { operations_.push_back({std::move(key), {}, true}); }
  // All changes of `other`, after those that are here.
  void append(const WriteBatch& other) {
    operations_.insert(operations_.end(), other.operations_.begin(), other.operations_.end());
    bytes_ += other.bytes_;
  }

  struct Operation {
    std::string key;
    std::string value;
    bool is_erase;
  };
  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }
  std::size_t bytes() const { return bytes_; }
  void clear() {
    operations_.clear();
    bytes_ = 0;
  }

 private:
  std::vector<Operation> operations_;
  std::size_t bytes_ = 0;
};

struct StoreUsage {
  std::uint64_t used_bytes = 0;  // pages that hold live data
  std::uint64_t file_bytes = 0;  // size of the file; it never shrinks by itself
  std::uint64_t max_bytes = 0;   // storage.max_size
};

class Store {
 public:
  virtual ~Store() = default;

  // On success all changes survive a power cut; on failure none was made.
  //   no_space  the store's bound or the disk is full: erase something, then try again
  virtual Result<void> commit(const WriteBatch& batch) = 0;

  // The value, or nothing.
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;

  // Calls `visit` for each pair with first <= key < end, in key order, until it returns false.
  // The views live only during the call: copy and return, a reader that lingers keeps dead pages.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual Result<void> scan(std::string_view first, std::string_view end,
                            const Visit& visit) const = 0;

  // The same for keys alone, where the values need not be read.
  virtual Result<void> scan_keys(std::string_view first, std::string_view end,
                                 const std::function<bool(std::string_view key)>& visit) const {
    return scan(first, end, [&](std::string_view key, std::string_view) { return visit(key); });
  }

  // The last pair with first <= key < end, or nothing.
  virtual Result<std::optional<std::pair<std::string, std::string>>> last(
      std::string_view first, std::string_view end) const = 0;

  virtual StoreUsage usage() const = 0;

  // Gives back memory and whatever dead readers hold. Cheap; call every few seconds, from the
  // thread that commits.
  virtual void tidy() {}
};

}  // namespace sluice
