// Salvage: takes what is whole out of a store file that LMDB must not open, into a new store.
//
//   damaged file --trees that can still be walked--> records --checksum--> new store
//                --all pages, also given-up ones--->    (only what the trees did not have)
//
// A record is taken when its frame's checksum says that it is whole and lies under its own key.
// What was trimmed long ago may still lie on given-up pages: what the head says is behind is left
// there. Upstream may therefore get events again, never others.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/lmdb_file.h"
#include "storage/store.h"

namespace sluice {

struct SalvageReport {
  std::uint64_t records = 0;  // taken
  std::uint64_t damaged = 0;  // seen in the tree, and not whole
  std::uint64_t bytes = 0;    // of what was taken
};

// What a value means as it lies in the file: for encrypted stores. Nothing: it cannot be read. It
// is put into the new store as it lies.
using Unwrap = std::function<std::optional<std::string>(std::string_view key, std::string_view)>;

// `progress` gets the share that is done, 0 to 1.
//   no_space, try_later  the new store cannot be written
Result<SalvageReport> salvage(const LmdbFile& file, const Unwrap& unwrap, Store& into,
                              const std::function<void(double)>& progress);

// The same into a store that is in use: only records that it has not, and none that it knows to be
// behind.
Result<SalvageReport> salvage_missing(const LmdbFile& file, const Unwrap& unwrap, Store& into,
                                      const std::function<void(double)>& progress);

}  // namespace sluice
