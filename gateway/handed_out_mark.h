// HandedOutMark: up to where records of a lane may be under way to upstream. Policies touch only
// what begins at the mark or behind it.
//
//   shipped                      mark, while more waits
//     [ r r r r r r r r r r r r r | r r r r ...
//     [ r r r r (all) | slack |     mark, where little waits: so many events may come and go at
//     once
//
// Bounded in stored bytes, whatever size events have: else large events would fill a small store
// below the mark, and no policy could make room. Each record is looked at once. Engine thread only.
#pragma once

#include <cstdint>
#include <deque>

#include "core/result.h"
#include "storage/head.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace sluice {

struct MarkBounds {
  std::uint64_t bytes = 1024 * 1024;  // of records that wait for an answer
  std::uint64_t slack = 1;            // events that may be sent in the commit that stores them
};

class HandedOutMark {
 public:
  HandedOutMark(const Store& store, LaneId lane, MarkBounds bounds)
      : store_(store), lane_(lane), bounds_(bounds) {}

  // Where the mark may stand now; never before state.handed_out. `stored_end` is the sequence after
  // the last record that is in the store; state.next may be beyond it.
  Result<std::uint64_t> raise(const LaneState& state, std::uint64_t stored_end);

 private:
  struct Record {
    std::uint64_t end;
    std::uint64_t bytes;
  };

  const Store& store_;
  const LaneId lane_;
  const MarkBounds bounds_;
  std::deque<Record> records_;  // from shipped on, as far as they were looked at
  std::uint64_t bytes_ = 0;     // of these
  std::uint64_t reached_ = 0;   // the sequence after them
};

}  // namespace sluice
