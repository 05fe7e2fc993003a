#include "pipelines/windows/count_step.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sluice {

std::uint32_t CountStep::Rules::pane_events() const { return std::gcd(count, every); }

void CountStep::process(std::span<Event* const> events, StepOutput& out) {
  for (Event* event : events) take(event, out);
  keep_within_bounds();
  core_.report_left_out(out);
}

void CountStep::take(Event* event, StepOutput& out) {
  const auto key = core_.read_key(event, out);
  if (!key) return;
  const auto values = core_.read_values(event, out);
  if (!values) return;

  Slot slot = keys_.find(*key);
  const bool is_new = !has_open_pane(slot);
  const std::string_view refused = ages_.make_room(
      rules_.when_full, slot, [&] { return why_refused(*key, slot, is_new); },
      [&](Slot oldest) { leave(oldest, "evicted_keys", out); });
  if (!refused.empty()) return out.drop(*event, refused);
  if (slot == Keys::none) slot = keys_.add(*key);
  CountPanes& panes = keys_.edit(slot);
  panes.use = ages_.use(slot);
  if (is_new) open(panes, event->time);
  CountPane& last = panes.panes.back();
  core_.add(last.pane, *values, event->time);
  last.times.start = std::min(last.times.start, event->time);
  last.times.end = std::max(last.times.end, event->time);
  ++panes.in_last;
  if (++panes.news < rules_.every) return;
  fire(slot, false, out);
  forget_old(slot, panes);
}

// Which bound keeps an event out; empty: none does.
std::string_view CountStep::why_refused(std::string_view key, Slot slot, bool is_new) const {
  if (is_new && panes_ >= rules_.max_panes) return "max_windows";
  if (slot == Keys::none && keys_.size() >= rules_.max_keys) return "max_keys";
  std::size_t more = core_.max_growth();
  if (slot == Keys::none) more += keys_.bytes_to_add(key) + KeyAges::bytes_of_key;
  if (is_new) more += core_.new_pane_bytes() + CountPanes::max_slack * sizeof(CountPane);
  const bool has_room = more == 0 || state_bytes() + more <= rules_.max_memory;
  return has_room ? std::string_view{} : "max_memory";
}

// A key goes, and tells what it has not told.
void CountStep::leave(Slot slot, std::string_view why, StepOutput& out) {
  out.count(why, 1);
  if (keys_.read(slot).news > 0) fire(slot, true, out);
  CountPanes& panes = keys_.edit(slot);
  panes_ -= panes.panes.size();
  for (CountPane& pane : panes.panes) core_.close(std::move(pane.pane));
  erase(slot);
}

void CountStep::erase(Slot slot) {
  list_bytes_ -= keys_.read(slot).list_bytes();
  merger_.forget(slot);
  ages_.erase(slot);
  keys_.erase(slot);
}

void CountStep::advance_time(EngineTime now, StepOutput& out) {
  if (rules_.forget_after <= Duration{0}) return;
  ages_.end_block([this](Slot slot) { return keys_.read(slot).use; },
                  [this, now](Slot slot) { keys_.edit(slot).use.at = now; });
  for (auto due = next_timer(); due && *due <= now; due = next_timer()) {
    leave(ages_.oldest(), "forgotten_keys", out);
  }
}

std::optional<EngineTime> CountStep::next_timer() const {
  if (rules_.forget_after <= Duration{0} || ages_.oldest() == KeyAges::none) return std::nullopt;
  return keys_.read(ages_.oldest()).use.at + rules_.forget_after;
}

bool CountStep::has_open_pane(Slot slot) const {
  if (slot == Keys::none || keys_.read(slot).panes.empty()) return false;
  return keys_.read(slot).in_last < rules_.pane_events();
}

void CountStep::open(CountPanes& panes, Timestamp time) {
  list_bytes_ -= panes.list_bytes();
  panes.panes.push_back({{time, time}, core_.open()});
  list_bytes_ += panes.list_bytes();
  panes.in_last = 0;
  ++panes_;
}

// All panes of the key; the border is at a whole number of windows since its first event.
PaneMerger::Window<CountPane> CountStep::window_of(const CountPanes& panes) const {
  const std::uint64_t window_panes = rules_.count / rules_.pane_events();
  const std::uint64_t last = panes.first + panes.panes.size() - 1;
  const std::uint64_t border = std::max(panes.first, last - last % window_panes);
  const std::span<const CountPane> all = panes.panes;
  const auto before = static_cast<std::size_t>(border - panes.first);
  return {static_cast<std::int64_t>(border), all.first(before), all.subspan(before)};
}

void CountStep::fire(Slot slot, bool is_early, StepOutput& out) {
  CountPanes& panes = keys_.edit(slot);
  Span times = panes.panes.front().times;
  for (const CountPane& pane : panes.panes) {
    times.start = std::min(times.start, pane.times.start);
    times.end = std::max(times.end, pane.times.end);
  }
  const ResultFrame frame{times, times.end, 0, is_early};
  const auto tell = [&](const Pane& merged) {
    out.emit(core_.result(keys_.key(slot), frame, merged, out.arena()));
  };
  if (is_early) {
    merger_.merge_once(window_of(panes), tell);  // its last pane may be added to
  } else {
    merger_.merge(slot, window_of(panes), tell);
  }
  panes.news = 0;
}

// After a result: leaves the panes that the next one holds.
void CountStep::forget_old(Slot slot, CountPanes& panes) {
  const std::size_t needed = (rules_.count - rules_.every) / rules_.pane_events();
  const std::size_t old = panes.panes.size() - std::min(panes.panes.size(), needed);
  const auto end = panes.panes.begin() + static_cast<std::ptrdiff_t>(old);
  for (auto pane = panes.panes.begin(); pane != end; ++pane) core_.close(std::move(pane->pane));
  list_bytes_ -= panes.list_bytes();
  panes.panes.erase(panes.panes.begin(), end);
  const std::size_t most_room = CountPanes::max_slack * panes.panes.size();
  if (panes.panes.capacity() > most_room) panes.panes.shrink_to_fit();
  list_bytes_ += panes.list_bytes();
  panes.first += old;
  panes_ -= old;
  if (panes.panes.empty()) erase(slot);
}

void CountPanes::save(std::string& out) const {
  use.save(out);
  put_varint(out, in_last);
  put_varint(out, news);
  put_varint(out, first);
  put_varint(out, panes.size());
  for (const CountPane& pane : panes) {
    put_signed(out, pane.times.start.time_since_epoch().count());
    put_signed(out, pane.times.end.time_since_epoch().count());
    pane.pane.save(out);
  }
}

void CountPanes::load(ByteReader& in, WindowCore& core) {
  use.load(in);
  in_last = static_cast<std::uint32_t>(in.varint());
  news = static_cast<std::uint32_t>(in.varint());
  first = in.varint();
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
    CountPane pane;
    pane.times.start = Timestamp(Duration(in.signed_varint()));
    pane.times.end = Timestamp(Duration(in.signed_varint()));
    pane.pane = core.load(in);
    if (pane.times.start > pane.times.end) in.fail();
    if (in.is_ok()) panes.push_back(std::move(pane));
  }
  if (count == 0) in.fail();
}

std::size_t CountPanes::heap_bytes() const {
  std::size_t bytes = list_bytes();
  for (const CountPane& pane : panes) bytes += pane.pane.heap_bytes();
  return bytes;
}

void CountStep::begin_snapshot() {
  keys_.begin_snapshot();
  std::string header;
  keys_.save_most(header);
  slice_header_.begin(std::move(header));
}

bool CountStep::save_slice(std::size_t max_bytes, std::string& out) {
  slice_header_.put(out);
  return keys_.save_slice(max_bytes, out);
}

Result<void> CountStep::load_slice(std::string_view slice) {
  const SliceHeader::Taken taken = TRY(SliceHeader::take(slice));
  if (taken.header) {
    ByteReader in(*taken.header);
    keys_.load_most(in);
    if (!in.is_ok() || !in.at_end()) return SliceHeader::damaged();
  }
  std::vector<Slot> loaded;
  TRY(keys_.load_slice(taken.records, [&](Slot slot, CountPanes& panes, ByteReader& in) {
    panes.load(in, core_);
    if (panes.news >= rules_.every || panes.in_last > rules_.pane_events()) in.fail();
    panes_ += panes.panes.size();
    list_bytes_ += panes.list_bytes();
    loaded.push_back(slot);
  }));
  ages_.restore(std::move(loaded), [this](Slot slot) { return keys_.read(slot).use; });
  return {};
}

// At most, as a function of what is saved.
std::size_t CountStep::state_bytes() const {
  return keys_.state_bytes() + keys_.most() * KeyAges::bytes_of_key + core_.pane_bytes() -
         merger_.pane_bytes() + panes_ * CountPanes::max_slack * sizeof(CountPane);
}

// What is remembered for speed has the room that the state leaves.
void CountStep::keep_within_bounds() {
  const bool is_too_much = state_bytes() + merger_.memory_bytes() > rules_.max_memory;
  if (is_too_much || keys_.size() == 0) merger_.forget_all();
}

std::size_t CountStep::memory_bytes() const {
  return sizeof(*this) + keys_.memory_bytes() + ages_.memory_bytes() + core_.pane_bytes() -
         merger_.pane_bytes() + merger_.memory_bytes() + list_bytes_;
}

}  // namespace sluice
