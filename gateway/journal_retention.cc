#include "gateway/journal_retention.h"

#include <algorithm>

#include "gateway/backlog.h"
#include "storage/journal.h"

namespace sluice {
namespace {
constexpr int looks_per_call = 4;
constexpr Duration look_interval = std::chrono::seconds(1);
}  // namespace

Result<std::uint64_t> JournalRetention::start(const BlockHeader& now) {
  if (retain_ == Duration{0}) return ~std::uint64_t{0};
  if (has_looked_ && now.engine_time - looked_at_ < look_interval) return start_;
  has_looked_ = true;
  looked_at_ = now.engine_time;
  for (int looks = 0; looks < looks_per_call; ++looks) {
    const std::uint64_t candidate = start_ + stride_;
    const auto entry = TRY(next_journal(store_, codec_, candidate));
    const auto header = entry && !entry->is_damaged
                            ? decode_block_header(entry->raw)
                            : Result<BlockHeader>(Error{ErrorKind::corrupt, {}});
    const bool is_old = entry && (!header || age_of(*header, now.wall, now.engine_time) > retain_);
    if (is_old) {
      start_ = entry->block;
      stride_ *= 2;
    } else if (stride_ > 1) {
      stride_ /= 2;
    } else {
      break;
    }
  }
  return start_;
}

}  // namespace sluice
