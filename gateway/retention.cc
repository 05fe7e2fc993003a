#include "gateway/retention.h"

#include <algorithm>

#include "gateway/backlog.h"
#include "gateway/summary.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace sluice {
namespace {

// Of one step: a beat stays short.
constexpr std::size_t max_run_records = 128;
constexpr std::uint64_t max_bytes = 1024 * 1024;
constexpr std::uint64_t max_events = 20'000;
constexpr std::size_t max_skipped = 512;  // records that are as coarse as they should be
constexpr std::size_t summaries_per_record = 1'000;
constexpr std::string_view summarised = "summarised";  // how these gaps' reasons begin

}  // namespace

struct Retention::Run {
  std::vector<std::string> keys;  // of the records
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::uint64_t sequences = 0;  // that hold an event, or a gap
  std::uint64_t fresh = 0;      // events that no gap has told of yet
  std::uint64_t bytes = 0;
  std::uint32_t level = 0;  // that they are to get
  Gap gap;                  // what they are told as
  bool is_at_end = false;   // nothing is left for this pass

  bool empty() const { return keys.empty(); }
  void add(const StoredFrame& frame, const OutboxOutline& outline) {
    if (keys.empty()) first = frame.number;
    keys.push_back(frame.key);
    end = frame.number + outline.events;
    sequences += outline.events;
    bytes += frame.bytes.size();
    const bool is_gap = outline.kind == OutboxKind::gap;
    const Timestamp from = is_gap ? outline.gap.from : outline.header.wall;
    const Timestamp to = is_gap ? outline.gap.to : outline.header.wall;
    gap.from = keys.size() == 1 ? from : std::min(gap.from, from);
    gap.to = std::max(gap.to, to);
  }
};

Retention::Retention(Store& store, FrameCodec& codec, Metrics& metrics, std::string store_id,
                     std::map<std::string, RetentionPolicy, std::less<>> policies,
                     ReadData read_data)
    : store_(store),
      codec_(codec),
      metrics_(metrics),
      store_id_(std::move(store_id)),
      policies_(std::move(policies)),
      read_data_(std::move(read_data)) {}

const RetentionPolicy& Retention::of(std::string_view sink) const {
  static const RetentionPolicy blocks;
  const auto found = policies_.find(sink);
  return found == policies_.end() ? blocks : found->second;
}

Result<Retention::Given> Retention::make_room(WriteBatch& batch, std::string_view sink, LaneId lane,
                                              const LaneState& state, const BlockHeader& now) {
  const RetentionPolicy& policy = of(sink);
  if (policy.when_full == WhenStoreFull::summarise) {
    const Given given = TRY(summarise(batch, sink, lane, state, now));
    if (!given.is_at_end) return given;
  }
  if (policy.when_full == WhenStoreFull::block) return Given{0, 0, true};
  return drop(batch, sink, lane, state, now, "drop_oldest: the store is full", Duration{0});
}

Result<Retention::Given> Retention::drop_old(WriteBatch& batch, std::string_view sink, LaneId lane,
                                             const LaneState& state, const BlockHeader& now) {
  const RetentionPolicy& policy = of(sink);
  if (!policy.max_age) return Given{0, 0, true};
  return drop(batch, sink, lane, state, now,
              "max_age: older than " + format_duration(*policy.max_age), *policy.max_age);
}

Result<Retention::Given> Retention::drop(WriteBatch& batch, std::string_view sink, LaneId lane,
                                         const LaneState& state, const BlockHeader& now,
                                         std::string_view reason, Duration older_than) {
  const std::string prefix = keys::lane_prefix(lane);
  Run run;
  std::uint64_t dropped = 0;
  Given given;
  std::uint64_t at = std::max(state.handed_out, state.shipped);
  while (run.keys.size() < max_run_records && run.bytes < max_bytes) {
    const FoundFrame found = TRY(read_at_or_after(store_, prefix, at));
    if (!found.is_found) {
      given.is_at_end = true;
      break;
    }
    const auto outline = outline_outbox(found.frame, codec_);
    const bool is_gap = outline && outline->kind == OutboxKind::gap;
    const bool is_of_summary = is_gap && outline->gap.reason.starts_with(summarised);
    const bool goes_on = is_gap && run.empty() && outline->gap.reason == reason;
    if (!outline || (is_gap && !is_of_summary && !goes_on)) {
      if (!run.empty()) break;
      at = found.frame.number + 1;  // it stays: what it says is still true
      continue;
    }
    if (!goes_on && older_than > Duration{0} &&
        age_of(outline->header, now.wall, now.engine_time) < older_than) {
      given.is_at_end = true;
      break;
    }
    run.add(found.frame, *outline);
    if (goes_on) {
      run.gap.events = outline->gap.events;  // it grows in its place
    } else if (is_of_summary) {
      dropped += outline->gap.events;  // the summary that follows goes with it
    } else if (outline->kind != OutboxKind::summary || run.keys.size() == 1) {
      dropped += outline->events;
    }
    at = run.end;
  }
  if (dropped == 0) return given;
  TRY(erase(batch, run));
  run.gap.events += dropped;
  run.gap.reason = reason;
  put_gap(batch, codec_, lane, run.first, now, run.gap);
  given.holes = run.sequences - 1;
  given.bytes = run.bytes;
  count(sink, reason.substr(0, reason.find(':')), dropped);
  return given;
}

Result<Retention::Run> Retention::find_run(std::string_view sink, LaneId lane,
                                           const LaneState& state, const BlockHeader& now,
                                           std::uint64_t& at) {
  const std::vector<SummaryLevel>& levels = of(sink).levels;
  const std::string prefix = keys::lane_prefix(lane);
  Run run;
  std::size_t skipped = 0;
  while (run.keys.size() < max_run_records && run.bytes < max_bytes && run.sequences < max_events) {
    const FoundFrame found = TRY(read_at_or_after(store_, prefix, at));
    if (!found.is_found || found.frame.number >= state.next) break;
    const auto outline = outline_outbox(found.frame, codec_);
    const bool is_gap = outline && outline->kind == OutboxKind::gap;
    std::uint32_t level = run.level;  // a gap goes with its summary
    if (outline && !is_gap) {
      const Duration age = age_of(outline->header, now.wall, now.engine_time);
      level = 0;
      for (std::uint32_t i = 0; i < levels.size(); ++i) {
        if (age >= levels[i].older_than) level = i + 1;
      }
    }
    const bool stays = !outline || (is_gap && !outline->gap.reason.starts_with(summarised)) ||
                       (!is_gap && outline->level >= level);
    const bool is_other = !run.empty() && run.level != 0 && level != run.level;
    if (stays || is_other) {
      const bool has_only_gaps = run.level == 0;
      if (!run.empty() && !has_only_gaps) break;
      run = {};
      at = found.frame.number + 1;
      if (++skipped == max_skipped) break;
      continue;
    }
    run.add(found.frame, *outline);
    run.level = std::max(run.level, level);
    if (is_gap) run.gap.events += outline->gap.events;
    // What a summary holds was told in the gap before it.
    if (!is_gap && outline->kind != OutboxKind::summary) run.fresh += outline->events;
    at = run.end;
  }
  if (run.level == 0) run = {};
  run.is_at_end = run.empty() && skipped < max_skipped;
  return run;
}

Result<Retention::Given> Retention::summarise(WriteBatch& batch, std::string_view sink, LaneId lane,
                                              const LaneState& state, const BlockHeader& now) {
  Pass& pass = passes_[lane];
  pass.at = std::max({pass.at, state.handed_out, state.shipped});
  const Run run = TRY(find_run(sink, lane, state, now, pass.at));
  if (run.empty() && !run.is_at_end) return Given{};  // goes on behind what was skipped
  if (run.empty()) {
    const bool is_done = !pass.has_gained;  // a whole pass without gain: this is all it can do
    pass = {};
    return Given{0, 0, is_done};
  }
  const Given given = TRY(replace_by_summary(batch, sink, lane, run, now));
  pass.has_gained |= given.bytes > 0;
  return given;
}

Result<Retention::Given> Retention::replace_by_summary(WriteBatch& batch, std::string_view sink,
                                                       LaneId lane, const Run& run,
                                                       const BlockHeader& now) {
  const Duration window = of(sink).levels[run.level - 1].window;
  Summary summary(window);
  OutboxReader reader(store_, lane, store_id_);
  for (std::uint64_t at = run.first; at < run.end;) {
    const OutboxReader::Found found = TRY(reader.read(at));
    if (!found.is_found) break;
    Arena arena;
    for (Event event : found.record.events) {
      // Summaries, and what steps made, bring their data. What cannot be read any more still counts
      // as an event.
      if (event.has_payload && !read_data_(event, arena)) event.data = {};
      summary.add(event);
    }
    at = std::max(found.record.end, at + 1);
  }
  // As many sequences as there are records' places for, the first for the gap.
  if (summary.size() == 0 || summary.size() + 1 >= run.sequences) return Given{};
  Arena arena;
  const std::string prefix = store_id_ + "/summary-" + std::to_string(lane.sink) + "." +
                             std::to_string(lane.lane) + "." + std::to_string(run.first) + "." +
                             std::to_string(run.level) + ".";
  const std::vector<Event> events = summary.take(prefix, arena);
  WriteBatch instead;
  TRY(erase(instead, run));
  Gap gap = run.gap;
  gap.events += run.fresh;
  gap.reason =
      std::string(summarised) + ": the store is full; windows of " + format_duration(window);
  put_gap(instead, codec_, lane, run.first, now, gap);
  BlockHeader header = now;
  header.wall = run.gap.to;  // its age is that of its events
  std::uint64_t first = run.first + 1;
  for (std::size_t from = 0; from < events.size(); from += summaries_per_record) {
    std::vector<const Event*> pointers;
    for (std::size_t i = from; i < std::min(events.size(), from + summaries_per_record); ++i)
      pointers.push_back(&events[i]);
    put_summary(instead, codec_, lane, first, header, run.level, pointers);
    first += pointers.size();
  }
  if (instead.bytes() >= run.bytes) return Given{};  // no gain: it stays as it is
  batch.append(instead);
  count(sink, summarised, run.fresh);
  return Given{run.sequences - 1 - events.size(), run.bytes - instead.bytes(), false};
}

Result<void> Retention::erase(WriteBatch& batch, const Run& run) const {
  for (const std::string& key : run.keys) {
    TRY(store_.scan_keys(key, keys::after(key), [&](std::string_view part) {
      batch.erase(std::string(part));
      return true;
    }));
  }
  return {};
}

void Retention::count(std::string_view sink, std::string_view reason, std::uint64_t events) {
  metrics_
      .counter("sluice_sink_given_up_events_total",
               "Events that a policy of the sink dropped or replaced by summaries.",
               {{"sink", std::string(sink)}, {"reason", std::string(reason)}})
      .add(events);
}

}  // namespace sluice
