// Retention: what a sink gives up when the store is full or its events have become too old.
//
//   shipped      handed_out                                          next
//     [ may be under way | oldest of what no one has sent ... newest ]
//                          '--> gap                      (drop_oldest, max_age)
//                          '--> gap, summaries           (summarise; coarser with age)
//
// Only whole records above the durable handed-out mark are touched. In their place stands a gap
// record: how many events, from when to when, and why. It travels upstream in its place in the
// order. Every event that is given up is counted. Engine thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/result.h"
#include "gateway/retention_policy.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/outbox.h"
#include "storage/store.h"

namespace sluice {

// Reads `data` of a stored event from its payload, as its source's decoder does.
using ReadData = std::function<Result<void>(Event& event, Arena& arena)>;

class Retention {
 public:
  // `policies` by the sink's name; a sink without one blocks.
  Retention(Store& store, FrameCodec& codec, Metrics& metrics, std::string store_id,
            std::map<std::string, RetentionPolicy, std::less<>> policies, ReadData read_data);

  const RetentionPolicy& of(std::string_view sink) const;

  struct Given {
    std::uint64_t holes = 0;  // sequences that hold no event any more
    std::uint64_t bytes = 0;  // of records that are gone, less those in their place
    bool is_at_end = false;   // nothing more can be given up in this lane
  };
  // One bounded step for room, by the sink's policy.
  Result<Given> make_room(WriteBatch& batch, std::string_view sink, LaneId lane,
                          const LaneState& state, const BlockHeader& now);
  // The store has become full: the next step begins with the oldest events again, so that these
  // become coarser before newer ones are touched.
  void rewind() { passes_.clear(); }
  // One bounded step of max_age.
  Result<Given> drop_old(WriteBatch& batch, std::string_view sink, LaneId lane,
                         const LaneState& state, const BlockHeader& now);

 private:
  struct Run;  // neighbouring records that are given up together

  Result<Given> drop(WriteBatch& batch, std::string_view sink, LaneId lane, const LaneState& state,
                     const BlockHeader& now, std::string_view reason, Duration older_than);
  Result<Given> summarise(WriteBatch& batch, std::string_view sink, LaneId lane,
                          const LaneState& state, const BlockHeader& now);
  // The neighbours that are to be summarised next, from `at` on; moves `at` behind what stays.
  Result<Run> find_run(std::string_view sink, LaneId lane, const LaneState& state,
                       const BlockHeader& now, std::uint64_t& at);
  Result<Given> replace_by_summary(WriteBatch& batch, std::string_view sink, LaneId lane,
                                   const Run& run, const BlockHeader& now);
  Result<void> erase(WriteBatch& batch, const Run& run) const;
  void count(std::string_view sink, std::string_view reason, std::uint64_t events);

  Store& store_;
  FrameCodec& codec_;
  Metrics& metrics_;
  const std::string store_id_;
  const std::map<std::string, RetentionPolicy, std::less<>> policies_;
  const ReadData read_data_;
  struct Pass {
    std::uint64_t at = 0;     // how far it has come
    bool has_gained = false;  // it made room
  };
  std::map<LaneId, Pass> passes_;  // of summarise, over a lane
};

}  // namespace sluice
