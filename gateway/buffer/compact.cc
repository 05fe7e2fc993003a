#include "gateway/buffer/compact.h"

#include <filesystem>

#include "gateway/open_store.h"

namespace sluice {

Result<CompactReport> compact_store(const StorageSection& storage,
                                    const std::function<void(double)>& progress) {
  const OpenStore store =
      TRY(open_store(storage));  // with the keys: a damaged one is salvaged first
  CompactReport report;
  report.bytes_before = store.file->usage().file_bytes;
  report.bytes_after = TRY(store.file->replace_by_compact_copy(progress));
  return report;
}

std::string compact_json(const CompactReport& report) {
  return "{\"bytes_before\":" + std::to_string(report.bytes_before) +
         ",\"bytes_after\":" + std::to_string(report.bytes_after) + "}";
}

}  // namespace sluice
