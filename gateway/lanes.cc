#include "gateway/lanes.h"

#include <algorithm>
#include <utility>

#include "gateway/recent_events.h"
#include "storage/dead_letters.h"
#include "storage/journal.h"
#include "storage/keys.h"
#include "storage/outbox.h"
#include "storage/quarantine.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr std::size_t max_trims = 64;      // records erased per lane and beat
constexpr std::size_t max_ranges = 1'000;  // out-of-order ranges kept per lane

constexpr std::uint64_t letter_parts = 16;       // looked at, to tell how large all are
constexpr std::uint64_t dead_letter_share = 20;  // of storage.max_size, one in so many
constexpr Duration clock_tolerance = std::chrono::milliseconds(500);
constexpr std::size_t max_boot_clocks = 8;
constexpr Duration journal_trim_interval = std::chrono::seconds(10);
constexpr std::size_t max_trimmed_letter_records = 10'000;

std::uint64_t tail_start(std::optional<RecentTail>& tail, EngineTime now) {
  return tail ? tail->start(now) : ~0ULL;
}

// Outbox records stay small enough to be read and sent piece by piece.
constexpr std::size_t max_record_events = 4'096;
constexpr std::size_t max_record_bytes = 1024 * 1024;

std::size_t size_of(const Event& event) { return event.payload.size() + 256; }

}  // namespace

Lanes::Lanes(Store& store, FrameCodec& codec, OutboxBorder& border, Metrics& metrics,
             std::string store_id, Head head, const std::vector<GraphTarget>& targets,
             Retention& retention, Duration journal_retain)
    : store_(store),
      codec_(codec),
      border_(border),
      store_id_(std::move(store_id)),
      head_(std::move(head)),
      retention_(retention),
      journal_retention_(store, codec, journal_retain),
      is_journal_kept_(journal_retain > Duration{0}),
      damaged_(metrics.counter("sluice_store_damaged_records_total",
                               "Stored records that could not be read.")),
      dropped_letters_(metrics.counter("sluice_store_dropped_dead_letters_total",
                                       "Dead letters that went because there were too many.")) {
  for (const GraphTarget& target : targets) {
    const bool is_known = head_.sinks.contains(target.sink);
    const LaneId lane{head_.sink_number(target.sink), target.lane};
    is_head_dirty_ |= !is_known;  // a sink's number must outlive the process
    head_.lanes[lane];
    lanes_.push_back(lane);
  }
  for (const auto& [name, number] : head_.sinks) {
    delivered_[number] = &metrics.counter("sluice_sink_delivered_events_total",
                                          "Events that upstream acknowledged.", {{"sink", name}});
    rejected_[number] =
        &metrics.counter("sluice_sink_rejected_events_total",
                         "Events that upstream refused for good: dead letters.", {{"sink", name}});
  }
  prepare_policies();
}

Result<void> Lanes::find_tails(TailBounds bounds) {
  const EngineTime now = head_.engine_time;
  for (const auto& [lane, state] : head_.lanes) {
    const auto start = TRY(start_of_tail(store_, keys::lane_prefix(lane), bounds.bytes));
    lane_tails_[lane].emplace(bounds, start, state.next, now);
  }
  const auto start = TRY(start_of_tail(store_, std::string(1, keys::journal), bounds.bytes));
  journal_tail_.emplace(bounds, start, head_.next_block, now);
  return find_letters(now);
}

// How many bytes the letters hold is told from a few of their records, spread over all of them.
Result<void> Lanes::find_letters(EngineTime now) {
  const std::uint64_t first = head_.first_dead_letter;
  const std::uint64_t next = head_.next_dead_letter;
  const TailBounds bounds{static_cast<std::size_t>(store_.usage().max_bytes / dead_letter_share),
                          Duration::max()};
  letter_tail_.emplace(bounds, first, first, now);
  const std::uint64_t parts = std::min(letter_parts, next - first);
  for (std::uint64_t i = 0; i < parts; ++i) {
    const std::uint64_t from = first + (next - first) * i / parts;
    const std::uint64_t end = first + (next - first) * (i + 1) / parts;
    const FoundFrame found =
        TRY(read_at_or_before(store_, std::string(1, keys::dead_letter), from));
    const StoredFrame& frame = found.frame;
    const std::uint64_t letters =
        (frame.next_number != 0 ? frame.next_number : next) - frame.number;
    const std::uint64_t bytes = found.is_found ? frame.bytes.size() * (end - from) / letters : 0;
    letter_tail_->added(end, static_cast<std::size_t>(bytes), now);
  }
  return {};
}

void Lanes::added_block(std::uint64_t block, std::size_t bytes, EngineTime now) {
  if (journal_tail_) journal_tail_->added(block + 1, bytes, now);
}

Head Lanes::head_copy() const {
  const std::scoped_lock lock(head_mutex_);
  return head_;
}

void Lanes::append(WriteBatch& batch, std::size_t target, std::vector<Event*>& events,
                   const std::vector<bool>& is_journaled, const BlockHeader& header) {
  const LaneId lane = lanes_[target];
  const bool may_refer = !is_lossy(lane);
  const auto is_reference = [&](const Event* event) {
    return may_refer && event->is_unchanged && is_journaled[event->source_index];
  };
  // References first, in the order of their block, each event once even when two pipelines sent it.
  const auto owned = std::stable_partition(events.begin(), events.end(), is_reference);
  std::vector<Event*> references(events.begin(), owned);
  std::ranges::stable_sort(references, {}, &Event::block_index);
  const auto repeated = std::ranges::unique(references, {}, &Event::block_index);
  references.erase(repeated.begin(), repeated.end());
  append_records(batch, lane, references, true, header);
  append_records(batch, lane, {owned, events.end()}, false, header);
}

void Lanes::append_records(WriteBatch& batch, LaneId lane, const std::vector<Event*>& events,
                           bool is_reference, const BlockHeader& header) {
  for (std::size_t from = 0; from < events.size();) {
    scratch_.clear();
    std::size_t bytes = 0;
    while (from < events.size() && scratch_.size() < max_record_events &&
           bytes < max_record_bytes) {
      bytes += is_reference ? 0 : size_of(*events[from]);
      scratch_.push_back(events[from++]);
    }
    const std::scoped_lock lock(head_mutex_);
    LaneState& state = head_.lanes[lane];
    const std::size_t bytes_before = batch.bytes();
    put_outbox(batch, codec_, lane, state.next, header, scratch_, is_reference);
    state.next += scratch_.size();
    if (auto& tail = lane_tails_[lane])
      tail->added(state.next, batch.bytes() - bytes_before, header.engine_time);
    changed_.push_back(lane);
  }
}

Result<void> Lanes::take_acknowledgements(WriteBatch& batch, const BlockHeader& header,
                                          std::uint64_t keep_journal_from) {
  for (const std::string& key : border_.take_damage()) {
    damaged_.add();
    TRY(put_quarantine(store_, batch, key));
  }
  for (const Acknowledgement& done : border_.take_acknowledgements()) {
    if (done.is_rejected) TRY(reject(batch, done, header));
    Counter* counter = done.is_rejected ? rejected_[done.lane.sink] : delivered_[done.lane.sink];
    if (counter != nullptr) counter->add(done.end - done.first - done.holes);
    const std::scoped_lock lock(head_mutex_);
    LaneState& state = head_.lanes[done.lane];
    if (state.beyond.ranges().size() < max_ranges) state.beyond.add(done.first, done.end);
    state.shipped = state.beyond.contiguous_end(state.shipped);
    state.beyond.drop_before(state.shipped);
    state.holes -= std::min(state.holes, done.holes);
    is_head_dirty_ = true;
    has_trim_left_ = true;
  }
  if (is_head_dirty_) {
    const std::scoped_lock lock(head_mutex_);
    TRY(raise_marks());
  }
  TRY(trim_letters(batch, header));
  // A snapshot frees journal blocks also where nothing goes upstream; age frees them by itself.
  has_trim_left_ |= keep_journal_from != std::exchange(trimmed_for_snapshot_, keep_journal_from);
  if (is_journal_kept_) {
    has_trim_left_ |= room_wanted_ > 0 || header.engine_time - trimmed_at_ >= journal_trim_interval;
  }
  if (!has_trim_left_) return {};
  trimmed_at_ = header.engine_time;
  has_trim_left_ = false;
  return trim(batch, header, keep_journal_from);
}

Result<void> Lanes::trim(WriteBatch& batch, const BlockHeader& header,
                         std::uint64_t keep_journal_from) {
  for (const auto& [lane, state] : head_.lanes) {
    const std::uint64_t end =
        std::min(state.shipped, tail_start(lane_tails_[lane], header.engine_time));
    const auto erased = TRY(erase_before(store_, batch, keys::lane_prefix(lane), end, max_trims));
    has_trim_left_ |= erased == max_trims;
  }
  std::uint64_t journal_end = std::min(
      {keep_journal_from, TRY(oldest_reference()), tail_start(journal_tail_, header.engine_time)});
  // What is kept for replay alone goes first when the store is full.
  if (is_journal_kept_ && room_wanted_ == 0)
    journal_end = std::min(journal_end, TRY(journal_retention_.start(header)));
  const auto erased = TRY(trim_journal(store_, batch, journal_end, max_trims));
  has_trim_left_ |= erased == max_trims;
  return {};
}

// The oldest letters go when they hold more than their share, and a letter tells of them.
Result<void> Lanes::trim_letters(WriteBatch& batch, const BlockHeader& header) {
  const std::uint64_t keep = tail_start(letter_tail_, header.engine_time);
  if (keep == ~0ULL || keep <= head_.first_dead_letter) return {};
  const std::uint64_t dropped = keep - head_.first_dead_letter;
  TRY(trim_dead_letters(store_, batch, keep, max_trimmed_letter_records));
  DeadLetter gap;
  gap.stage = "store";
  gap.reason = std::to_string(dropped) + " older dead letters (" +
               std::to_string(head_.first_dead_letter) + " to " + std::to_string(keep - 1) +
               ") are gone: dead letters may fill a twentieth of storage.max_size";
  gap.event.time = gap.event.received = header.wall;
  add_dead_letters(batch, {&gap, 1}, header);
  const std::scoped_lock lock(head_mutex_);
  head_.first_dead_letter = keep;
  head_.retired_dead_letters = std::min(head_.retired_dead_letters, head_.next_dead_letter - keep);
  dropped_letters_.add(dropped);
  is_head_dirty_ = true;
  return {};
}

void Lanes::add_dead_letters(WriteBatch& batch, std::span<const DeadLetter> letters,
                             const BlockHeader& header) {
  const std::size_t bytes_before = batch.bytes();
  put_dead_letters(batch, codec_, head_.next_dead_letter, header, letters);
  {
    const std::scoped_lock lock(head_mutex_);
    head_.next_dead_letter += letters.size();
  }
  if (letter_tail_)
    letter_tail_->added(head_.next_dead_letter, batch.bytes() - bytes_before, header.engine_time);
}

// Rejected events become dead letters in the transaction that acknowledges them.
Result<void> Lanes::reject(WriteBatch& batch, const Acknowledgement& rejected,
                           const BlockHeader& header) {
  const std::string& sink = sink_of(rejected.lane);
  OutboxReader reader(store_, rejected.lane, store_id_);
  for (std::uint64_t at = rejected.first; at < rejected.end;) {
    const OutboxReader::Found found = TRY(reader.read(at));
    if (!found.is_found) break;
    const OutboxRecord& record = found.record;
    std::vector<DeadLetter> letters;
    for (std::size_t i = 0; i < record.events.size(); ++i) {
      const std::uint64_t sequence = record.first + i;
      if (sequence < at || sequence >= rejected.end) continue;
      DeadLetter letter;
      letter.stage = "sink " + sink;
      letter.reason = rejected.reason;
      letter.event = record.events[i];
      letters.push_back(std::move(letter));
    }
    if (!letters.empty()) {
      add_dead_letters(batch, letters, header);
    }
    at = std::max(record.end, at + 1);
  }
  return {};
}

// The lowest journal block that an unshipped record refers to.
Result<std::uint64_t> Lanes::oldest_reference() const {
  std::uint64_t oldest = ~0ULL;
  FrameCodec codec;
  for (const auto& [lane, state] : head_.lanes) {
    if (state.shipped >= std::min(state.next, state.references_end)) continue;
    // Records of a lane lie in the order of their beats: the oldest unshipped one decides, whatever
    // its kind, because all after it are of later blocks.
    const FoundFrame found = TRY(read_at_or_before(store_, keys::lane_prefix(lane), state.shipped));
    if (!found.is_found) continue;
    const auto summary = outline_outbox(found.frame, codec);
    // A damaged record could refer to any block: keep all until it is out of the way.
    if (!summary) return std::uint64_t{0};
    oldest = std::min(oldest, summary->header.block);
  }
  return oldest;
}

void Lanes::publish() {
  if (is_head_put_) {
    for (const auto& [lane, state] : head_.lanes) {
      if (std::exchange(durable_marks_[lane], state.handed_out) != state.handed_out &&
          is_lossy(lane))
        changed_.push_back(lane);
    }
  }
  is_head_put_ = false;
  for (const LaneId lane : changed_) {
    committed_next_[lane] = head_.lanes[lane].next;
    border_.publish(lane, readable_end(lane));
  }
  changed_.clear();
}

void Lanes::publish_marks() {
  for (const auto& [lane, state] : head_.lanes) {
    if (!is_lossy(lane)) continue;
    durable_marks_[lane] = state.handed_out;
    border_.publish(lane, std::min(committed_next_[lane], state.handed_out));
  }
}

void Lanes::publish_all() {
  border_.set_boot_clocks(head_.boot_clocks);
  for (const auto& [lane, state] : head_.lanes) border_.publish(lane, readable_end(lane));
}

void Lanes::adopt(Head head) {
  {
    const std::scoped_lock lock(head_mutex_);
    head_ = std::move(head);
  }
  for (const auto& [lane, state] : head_.lanes) {
    if (committed_next_[lane] != state.next) changed_.push_back(lane);
  }
  publish();
}

void Lanes::note_clock(const BootClock& clock) {
  auto& known = head_.boot_clocks;
  const auto found = std::ranges::find(known, clock.boot_id, &BootClock::boot_id);
  const bool is_new = found == known.end();
  if (!is_new && abs(found->offset - clock.offset) < clock_tolerance) return;
  {
    const std::scoped_lock lock(head_mutex_);
    if (!is_new) known.erase(found);
    known.push_back(clock);
    if (known.size() > max_boot_clocks) known.erase(known.begin());
  }
  is_head_dirty_ = true;
  border_.set_boot_clocks(known);
}

void Lanes::put_head(WriteBatch& batch) {
  const std::scoped_lock lock(head_mutex_);
  sluice::put_head(batch, codec_, head_);
  if (stored_sinks_ != head_.sinks.size()) put_sink_numbers(batch, codec_, head_);
  stored_sinks_ = head_.sinks.size();
  is_head_dirty_ = false;
  is_head_put_ = true;
}

void Lanes::put_committed_head(WriteBatch& batch) const {
  Head committed = head_copy();
  for (auto& [lane, state] : committed.lanes) state.next = committed_next_.at(lane);
  sluice::put_head(batch, codec_, committed);
}

}  // namespace sluice
