#include "gateway/batch_cutter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/log.h"
#include "gateway/gap_event.h"

namespace sluice {
namespace {
constexpr Duration smallest_error = std::chrono::seconds(1);  // of a clock, worth correcting
constexpr Timestamp first_plausible_time = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
}  // namespace

std::optional<Duration> BatchCutter::due_at() const {
  if (!waiting_since_) return std::nullopt;
  return *waiting_since_ + config_.max_age;
}

Result<std::optional<CutBatch>> BatchCutter::cut(std::uint64_t end, Duration now) {
  TRY(fill(end));
  if (filled_to_ == next_) return std::optional<CutBatch>();
  if (!waiting_since_) waiting_since_ = now;
  if (!is_full() && now - *waiting_since_ < config_.max_age) return std::optional<CutBatch>();
  return std::optional(finish());
}

Result<void> BatchCutter::fill(std::uint64_t end) {
  while (filled_to_ < end && !is_full()) {
    const bool is_in_current = current_.is_found && current_.record.first <= filled_to_ &&
                               filled_to_ < current_.record.end;
    if (!is_in_current) {
      current_ = TRY(reader_.read(filled_to_));
      if (!current_.is_found) {
        // Behind a gap or a summary there may be nothing more: a policy took it, and that was told.
        const OutboxKind before = current_.record.kind;
        if (before == OutboxKind::gap || before == OutboxKind::summary) {
          filled_to_ = end;
          return {};
        }
        log_error("Stored outbox records are missing: a gap event takes their events' place",
                  {{"first", filled_to_}, {"end", end}});
        add_gap({end - filled_to_, {}, {}, "missing"}, current_.record.header);
        filled_to_ = end;
        return {};
      }
      // A record that is not there any more was trimmed by a policy: go on with the next, if that
      // may be sent already.
      filled_to_ = std::min(end, std::max(filled_to_, current_.record.first));
      if (filled_to_ == end) {
        current_ = {};  // a policy may change it until then
        return {};
      }
    }
    const OutboxRecord& record = current_.record;
    if (current_.is_damaged) {
      log_error(
          "A stored outbox record is damaged: it goes into quarantine, and a gap event takes its "
          "events' place",
          {{"first", record.first}, {"end", record.end}, {"reason", current_.damage}});
      add_gap({record.end - filled_to_, {}, {}, "corrupt: " + current_.damage}, record.header);
      damaged_keys_.push_back(current_.damaged_key);
      filled_to_ = record.end;
    } else if (record.kind == OutboxKind::gap) {
      add_gap(record.gap, record.header);
      filled_to_ = record.end;
    } else {
      while (filled_to_ < record.end && !is_full())
        add_stamped(record.events[static_cast<std::size_t>(filled_to_++ - record.first)],
                    record.header);
    }
  }
  return {};
}

void BatchCutter::add(const Event& event) {
  append_framed(text_, config_.frame, event);
  ++events_;
}

// An event without a time of its own got the box's, which was wrong before the box was told the
// time. Order is by sequence, so nothing else changes.
void BatchCutter::add_stamped(Event event, const BlockHeader& header) {
  const bool is_stamped_by_us = event.is_unchanged && event.time == event.received;
  if (!is_stamped_by_us || header.time_quality == TimeQuality::synchronised) return add(event);
  const auto clock = std::ranges::find(boot_clocks_, header.boot_id, &BootClock::boot_id);
  std::string_view quality;
  if (clock != boot_clocks_.end()) {
    const Duration error = header.wall.time_since_epoch() - header.monotonic - clock->offset;
    if (abs(error) < smallest_error) return add(event);
    event.time -= error;
    quality = "corrected";
  } else if (header.wall < first_plausible_time) {
    quality = "unknown";  // and nobody will know
  } else {
    return add(event);
  }
  std::vector<Attribute> extensions(event.extensions.begin(), event.extensions.end());
  extensions.push_back({"timequality", Value::string(quality)});
  event.extensions = extensions;
  add(event);
}

void BatchCutter::add_gap(const Gap& gap, const BlockHeader& header) {
  add(GapEvent(store_id_, filled_to_, gap, header).event());
}

CutBatch BatchCutter::finish() {
  finish_frame(text_, config_.frame);
  CutBatch batch;
  batch.first = next_;
  batch.end = filled_to_;
  batch.events = events_;
  batch.raw_bytes = text_.size();
  if (config_.compress) {
    batch.body = codec_.compress(text_);
    text_.clear();
  } else {
    batch.body = std::exchange(text_, {});
  }
  batch.damaged_keys = std::exchange(damaged_keys_, {});
  next_ = filled_to_;
  events_ = 0;
  waiting_since_.reset();
  return batch;
}

}  // namespace sluice
