// Compaction: the store's file without the free pages that a long backlog has left in it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/result.h"
#include "gateway/configuration.h"

namespace sluice {

struct CompactReport {
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;
};

// Copies, makes the copy durable, and puts it into the file's place; a crash leaves one of the two.
// No gateway may own the store.
//   bad_config  the store cannot be opened, or a gateway owns it
//   no_space    there is no room for the copy
Result<CompactReport> compact_store(const StorageSection& storage,
                                    const std::function<void(double)>& progress);

std::string compact_json(const CompactReport& report);

}  // namespace sluice
