#include "pipelines/steps/sort_buffer.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// What a map takes for one element: three links and a colour beside it.
template <typename Map>
constexpr std::size_t sort_node_bytes = sizeof(typename Map::value_type) + 4 * sizeof(void*);

}  // namespace

void SortBuffer::hold(const SortPosition& position, HeldEvent event, EngineTime came) {
  heap_bytes_ += event.heap_bytes();
  events_.emplace_hint(events_.end(), position, Held{std::move(event), came});
  ++came_[came];
  next_arrival_ = std::max(next_arrival_, position.arrival + 1);
}

Event* SortBuffer::take_first(Arena& arena) {
  auto node = events_.extract(events_.begin());
  const Held& held = node.mapped();
  Event* const event = held.event.release(arena);
  heap_bytes_ -= held.event.heap_bytes();
  const auto since = came_.find(held.came);
  if (--since->second == 0) came_.erase(since);
  if (is_due(node.key())) {
    aside_heap_bytes_ += held.event.heap_bytes();
    aside_.insert(std::move(node));
  }
  return event;
}

std::optional<EngineTime> SortBuffer::longest_since() const {
  if (came_.empty()) return std::nullopt;
  return came_.begin()->first;
}

void SortBuffer::begin_snapshot() {
  is_saving_ = true;
  limit_ = next_arrival_;
  last_saved_.reset();
  aside_.clear();
  aside_heap_bytes_ = 0;
}

bool SortBuffer::is_due(const SortPosition& position) const {
  return is_saving_ && position.arrival < limit_ && (!last_saved_ || position > *last_saved_);
}

bool SortBuffer::save_slice(std::size_t max_bytes, std::string& out) {
  const std::size_t start = out.size();
  const auto has_room = [&] { return out.size() == start || out.size() - start < max_bytes; };
  while (!aside_.empty() && has_room()) {
    append_record(*aside_.begin(), out);
    aside_heap_bytes_ -= aside_.begin()->second.event.heap_bytes();
    aside_.erase(aside_.begin());
  }
  auto next = last_saved_ ? events_.upper_bound(*last_saved_) : events_.begin();
  for (; next != events_.end() && has_room(); ++next) {
    if (next->first.arrival < limit_) append_record(*next, out);
    last_saved_ = next->first;
  }
  is_saving_ = !aside_.empty() || next != events_.end();
  return !is_saving_;
}

void SortBuffer::append_record(const Events::value_type& held, std::string& out) {
  put_signed(out, held.first.time.time_since_epoch().count());
  put_varint(out, held.first.arrival);
  put_signed(out, static_cast<std::int64_t>(held.second.came));
  held.second.event.save(out);
}

Result<void> SortBuffer::load_slice(ByteReader& in) {
  const Error damaged{ErrorKind::corrupt, "the saved state of a sort cannot be read"};
  while (!in.at_end()) {
    SortPosition position;
    position.time = Timestamp(Duration(in.signed_varint()));
    position.arrival = in.varint();
    const EngineTime came{in.signed_varint()};
    HeldEvent event;
    event.load(in);
    if (!in.is_ok() || event.is_empty() || events_.contains(position)) return damaged;
    hold(position, std::move(event), came);
  }
  if (!in.is_ok()) return damaged;
  return {};
}

std::size_t SortBuffer::live_bytes() const {
  return events_.size() * sort_node_bytes<Events> + heap_bytes_ +
         came_.size() * sort_node_bytes<decltype(came_)>;
}

std::size_t SortBuffer::memory_bytes() const {
  return live_bytes() + aside_.size() * sort_node_bytes<Events> + aside_heap_bytes_;
}

}  // namespace sluice
