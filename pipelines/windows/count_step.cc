#include "pipelines/windows/count_step.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sluice {

std::uint32_t CountStep::Rules::pane_events() const { return std::gcd(count, every); }

void CountStep::process(std::span<Event* const> events, StepOutput& out) {
  for (Event* event : events) take(event, out);
  core_.report_left_out(out);
}

void CountStep::take(Event* event, StepOutput& out) {
  const auto key = core_.read_key(event, out);
  if (!key) return;
  const auto values = core_.read_values(event, out);
  if (!values) return;

  Slot slot = keys_.find(*key);
  const bool is_new = !has_open_pane(slot);
  if (is_new && panes_ >= rules_.max_panes) return out.drop(*event, "max_windows");
  if (slot == Keys::none) slot = keys_.find_or_add(*key, rules_.max_keys);
  if (slot == Keys::none) return out.drop(*event, "max_keys");
  CountPanes& panes = keys_.edit(slot);
  if (is_new) open(panes, event->time);
  CountPane& last = panes.panes.back();
  core_.add(last.pane, *values, event->time);
  last.times.start = std::min(last.times.start, event->time);
  last.times.end = std::max(last.times.end, event->time);
  ++panes.in_last;
  if (++panes.news == rules_.every) fire(slot, panes, out);
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

void CountStep::fire(Slot slot, CountPanes& panes, StepOutput& out) {
  Span times = panes.panes.front().times;
  Pane merged = core_.open();
  for (const CountPane& pane : panes.panes) {
    times.start = std::min(times.start, pane.times.start);
    times.end = std::max(times.end, pane.times.end);
    core_.merge(merged, pane.pane);
  }
  const ResultFrame frame{times, times.end, 0, false};
  out.emit(core_.result(keys_.key(slot), frame, merged, out.arena()));
  core_.close(std::move(merged));
  panes.news = 0;
  forget_old(slot, panes);
}

// After a result: leaves the panes that the next one holds.
void CountStep::forget_old(Slot slot, CountPanes& panes) {
  const std::size_t needed = (rules_.count - rules_.every) / rules_.pane_events();
  const std::size_t old = panes.panes.size() - std::min(panes.panes.size(), needed);
  const auto end = panes.panes.begin() + static_cast<std::ptrdiff_t>(old);
  for (auto pane = panes.panes.begin(); pane != end; ++pane) core_.close(std::move(pane->pane));
  panes.panes.erase(panes.panes.begin(), end);
  panes_ -= old;
  if (!panes.panes.empty()) return;
  list_bytes_ -= panes.list_bytes();
  keys_.erase(slot);
}

void CountPanes::save(std::string& out) const {
  put_varint(out, in_last);
  put_varint(out, news);
  put_varint(out, panes.size());
  for (const CountPane& pane : panes) {
    put_signed(out, pane.times.start.time_since_epoch().count());
    put_signed(out, pane.times.end.time_since_epoch().count());
    pane.pane.save(out);
  }
}

void CountPanes::load(ByteReader& in, WindowCore& core) {
  in_last = static_cast<std::uint32_t>(in.varint());
  news = static_cast<std::uint32_t>(in.varint());
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
  slice_header_.begin({});
}

bool CountStep::save_slice(std::size_t max_bytes, std::string& out) {
  slice_header_.put(out);
  return keys_.save_slice(max_bytes, out);
}

Result<void> CountStep::load_slice(std::string_view slice) {
  const SliceHeader::Taken taken = TRY(SliceHeader::take(slice));
  return keys_.load_slice(taken.records, [this](Slot, CountPanes& panes, ByteReader& in) {
    panes.load(in, core_);
    if (panes.news >= rules_.every || panes.in_last > rules_.pane_events()) in.fail();
    panes_ += panes.panes.size();
    list_bytes_ += panes.list_bytes();
  });
}

std::size_t CountStep::memory_bytes() const {
  return sizeof(*this) + keys_.memory_bytes() + core_.pane_bytes() + list_bytes_;
}

}  // namespace sluice
