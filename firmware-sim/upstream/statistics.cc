#include "firmware-sim/upstream/statistics.h"

#include "firmware-sim/common/json_line.h"
#include "firmware-sim/common/live_line.h"

namespace sluice::sim {
namespace {

constexpr std::int64_t recent_ms = 3000;

double ratio(std::uint64_t of, std::uint64_t to) {
  return to == 0 ? 0.0 : static_cast<double>(of) / static_cast<double>(to);
}

}  // namespace

void Statistics::add_batch(std::int64_t now_ms, std::uint64_t events, std::uint64_t wire_bytes,
                           std::uint64_t plain_bytes) {
  ++totals_.batches;
  totals_.events += events;
  totals_.wire_bytes += wire_bytes;
  totals_.plain_bytes += plain_bytes;
  recent_.push_back({now_ms, events});
}

void Statistics::add_window(const WindowResult& window) {
  const bool is_shown = !window_ || (window.key == window_->key && window.start >= window_->start);
  if (is_shown) window_ = window;
}

double Statistics::events_per_second(std::int64_t now_ms) const {
  while (!recent_.empty() && recent_.front().at_ms <= now_ms - recent_ms) recent_.pop_front();
  std::uint64_t events = 0;
  for (const Arrival& arrival : recent_) events += arrival.events;
  return 1000.0 * static_cast<double>(events) / static_cast<double>(recent_ms);
}

std::string Statistics::costs() const {
  return fixed(ratio(totals_.wire_bytes, totals_.events), 1) + " bytes/event, zstd " +
         fixed(ratio(totals_.plain_bytes, totals_.wire_bytes), 1) + 'x';
}

std::string Statistics::line(std::int64_t now_ms) const {
  std::string text = fixed(events_per_second(now_ms), 0) + " events/s | " + costs() + " | " +
                     grouped(totals_.batches) + " batches";
  if (window_) text += " | " + window_->key + ' ' + window_->data;
  return text;
}

std::string Statistics::summary() const {
  return grouped(totals_.events) + " events in " + grouped(totals_.batches) + " batches | " +
         costs();
}

std::string Statistics::json(std::int64_t now_ms) const {
  JsonLine line;
  line.number("events", totals_.events)
      .number("batches", totals_.batches)
      .number("refused", totals_.refused)
      .number("wire_bytes", totals_.wire_bytes)
      .number("plain_bytes", totals_.plain_bytes)
      .decimal("events_per_second", events_per_second(now_ms));
  if (window_) {
    line.raw("window", JsonLine()
                           .text("key", window_->key)
                           .text("start", window_->start)
                           .text("end", window_->end)
                           .number("revision", window_->revision)
                           .raw("data", window_->data)
                           .finish());
  }
  return line.finish() + '\n';
}

}  // namespace sluice::sim
