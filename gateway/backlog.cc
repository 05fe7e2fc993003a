#include "gateway/backlog.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "storage/outbox.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr std::uint64_t max_parts = 8;
constexpr int records_per_part = 8;

class LaneMeter {
 public:
  LaneMeter(const Store& store, FrameCodec& codec, LaneId lane, std::uint64_t next)
      : store_(store), codec_(codec), prefix_(keys::lane_prefix(lane)), next_(next) {}

  // The bytes behind the sequences [from, end), told from the first records there.
  Result<double> measure(std::uint64_t from, std::uint64_t end) {
    double bytes = 0;
    std::uint64_t at = from;
    for (int i = 0; i < records_per_part && at < end; ++i) {
      FoundFrame found = TRY(read_at_or_before(store_, prefix_, at));
      if (!found.is_found) found = TRY(read_at_or_after(store_, prefix_, at));
      const StoredFrame& frame = found.frame;
      if (!found.is_found || frame.number >= end) break;
      const std::uint64_t record_end = frame.next_number != 0 ? frame.next_number : next_;
      const std::uint64_t first = std::max(at, frame.number);
      const std::uint64_t last = std::min(end, record_end);
      if (last <= first) break;
      // A record that reaches beyond the part counts with the share of its events in it.
      const double share =
          static_cast<double>(last - first) / static_cast<double>(record_end - frame.number);
      bytes += share * static_cast<double>(TRY(size_of(frame)));
      at = last;
    }
    if (at == from) return 0.0;
    return bytes * static_cast<double>(end - from) / static_cast<double>(at - from);
  }

  // Of the first record that was looked at.
  const std::optional<BlockHeader>& oldest() const { return oldest_; }

 private:
  Result<std::uint64_t> size_of(const StoredFrame& frame) {
    const bool is_first = !std::exchange(has_looked_, true);
    const auto summary = outline_outbox(frame, codec_);
    if (!summary) return std::uint64_t{frame.bytes.size()};  // damaged: the shipper passes over it
    if (is_first) oldest_ = summary->header;
    if (summary->journal_block == 0) return std::uint64_t{frame.bytes.size()};
    const FoundFrame block =
        TRY(read_at_or_after(store_, std::string(1, keys::journal), summary->journal_block));
    const bool is_there = block.is_found && block.frame.number == summary->journal_block;
    return std::uint64_t{frame.bytes.size()} + (is_there ? block.frame.bytes.size() : 0);
  }

  const Store& store_;
  FrameCodec& codec_;
  const std::string prefix_;
  const std::uint64_t next_;
  bool has_looked_ = false;
  std::optional<BlockHeader> oldest_;
};

}  // namespace

Duration age_of(const BlockHeader& header, Timestamp now, EngineTime engine_now) {
  // A box that boots without a clock says 1970 until somebody tells it the time. Engine time does
  // not count while the box is off, but it is never decades wrong.
  constexpr Timestamp set_clocks_since = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
  const Duration age =
      header.wall >= set_clocks_since ? now - header.wall : engine_now - header.engine_time;
  return std::max(Duration{0}, age);
}

Result<Backlog> measure_backlog(const Store& store, FrameCodec& codec, LaneId lane,
                                const LaneState& state) {
  Backlog backlog;
  if (state.shipped >= state.next) return backlog;
  const std::uint64_t span = state.next - state.shipped;
  backlog.events = state.waiting();

  LaneMeter meter(store, codec, lane, state.next);
  const std::uint64_t parts = std::min(max_parts, span);
  double bytes = 0;
  std::uint64_t from = state.shipped;
  for (std::uint64_t i = 1; i <= parts; ++i) {
    const std::uint64_t end = i == parts ? state.next : state.shipped + span / parts * i;
    bytes += TRY(meter.measure(from, end));
    from = end;
  }
  bytes *= static_cast<double>(backlog.events) / static_cast<double>(span);
  backlog.bytes = static_cast<std::uint64_t>(std::llround(bytes));
  backlog.oldest = meter.oldest();
  return backlog;
}

}  // namespace sluice
