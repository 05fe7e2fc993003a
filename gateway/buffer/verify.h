// Verify: a look at everything that a store holds: the file's structure and every record's
// checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "storage/lmdb_store.h"
#include "storage/store.h"

namespace sluice {

struct DamagedRecord {
  std::string key;   // of the record, without its part
  std::string name;  // "journal block 17", "outbox of sink 1, lane 4, from 20"
  std::string reason;
};

struct KindCount {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

struct VerifyReport {
  std::optional<std::string> fault;        // of the file's structure
  std::map<std::string, KindCount> kinds;  // "journal", "outbox", ...
  std::vector<DamagedRecord> damaged;
  bool is_good() const { return !fault && damaged.empty(); }
};

// `file` is what `store` lies in. `progress` gets the share that is done.
//   try_later  the store cannot be read
Result<VerifyReport> verify_store(const LmdbStore& file, const Store& store,
                                  const std::function<void(double)>& progress);

// Puts damaged records into quarantine and takes them out of the way, with a gap in the place of an
// outbox record. No gateway may own the store. Gives how many.
Result<std::uint64_t> quarantine_damaged(Store& store, const VerifyReport& report);

std::string verify_json(const VerifyReport& report);

}  // namespace sluice
