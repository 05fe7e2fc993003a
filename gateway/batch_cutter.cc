#include "gateway/batch_cutter.h"

#include <utility>

#include "core/log.h"

namespace sluice {

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
      if (!current_.is_found) return {};
      // A record that is not there any more was trimmed by a policy: go on with the next.
      filled_to_ = std::max(filled_to_, current_.record.first);
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
        add(record.events[static_cast<std::size_t>(filled_to_++ - record.first)]);
    }
  }
  return {};
}

void BatchCutter::add(const Event& event) {
  append_framed(text_, config_.frame, event);
  ++events_;
}

// What is lost is told upstream, in its place in the order.
void BatchCutter::add_gap(const Gap& gap, const BlockHeader& header) {
  const std::string id = store_id_ + "/gap-" + std::to_string(filled_to_);
  const std::string source = "//" + header.gateway;
  const MapEntry entries[] = {
      {Value::string("events"), Value::integer(static_cast<std::int64_t>(gap.events))},
      {Value::string("from"), gap.from == Timestamp{} ? Value::null() : Value::timestamp(gap.from)},
      {Value::string("to"), gap.to == Timestamp{} ? Value::null() : Value::timestamp(gap.to)},
      {Value::string("reason"), Value::string(gap.reason)}};
  Event event;
  event.id = id;
  event.source = source;
  event.type = "sluice.gap";
  event.time = header.wall;
  event.data = Value::map(entries);
  add(event);
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
