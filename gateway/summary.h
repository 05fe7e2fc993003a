// Summary: what is kept of events when there is no room for all of them: per key and window the
// count, and of each number its count, least, greatest, mean, sum and last value.
//
//   raw events ----.
//                   >-- add() --> [ key, window ] --take()--> events of type "sluice.summary"
//   summaries -----'                                          (exact: a summary of summaries is the
//                                                              summary of all their events)
//
// The key is source, type and subject. Windows are tumbling, by event time. A pure function of the
// events and their order. Engine thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "core/event.h"

namespace sluice {

constexpr std::string_view summary_type = "sluice.summary";

class Summary {
 public:
  explicit Summary(Duration window) : window_(window) {}

  // `data` of a raw event has been read from its payload.
  void add(const Event& event);

  // Raw events so far, also those inside of summaries.
  std::uint64_t events() const { return events_; }
  // How many events take() gives.
  std::size_t size() const { return groups_.size(); }

  // In the order of windows, then keys; texts lie in `arena`. Ids are `id_prefix` and a number.
  std::vector<Event> take(std::string_view id_prefix, Arena& arena) const;

 private:
  struct Field {
    std::uint64_t count = 0;  // of numbers
    double sum = 0;
    double min = 0;
    double max = 0;
    std::string last;  // the last value, encoded
  };
  struct Group {
    std::uint64_t events = 0;
    std::uint64_t fields_left_out = 0;
    Timestamp received{};
    std::map<std::string, Field, std::less<>>
        fields;  // by path: "data.motor.temperature" without data
  };
  using Key = std::tuple<std::int64_t, std::string, std::string, std::string>;

  void add_raw(Group& group, std::string_view path, const Value& value, int depth);
  void add_summary(Group& group, const Value& data);
  static Field* find_or_make(Group& group, std::string_view path);

  const Duration window_;
  std::uint64_t events_ = 0;
  std::map<Key, Group> groups_;
};

}  // namespace sluice
