// RecentTail: how far a trim stays behind the end of one ordered stream of records, so that the
// memory of repeats can be rebuilt from them after a crash.
//
//   [ trimmed | kept although nobody needs it: the last bytes and seconds | end
//             ^ start()
//
// Bounded in bytes and in engine time. It moves in steps: a trim dirties pages of its own and is
// worth its commit only when it takes many records. Engine thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/clock.h"

namespace sluice {

struct TailBounds {
  std::size_t bytes = 1024 * 1024;
  Duration age = std::chrono::seconds(247);  // RFC 7252 EXCHANGE_LIFETIME
};

class RecentTail {
 public:
  // `start` and `end`: the records of the stream that were there before.
  RecentTail(TailBounds bounds, std::uint64_t start, std::uint64_t end, EngineTime now);

  // Records of `bytes` were added; the stream ends before `end`.
  void added(std::uint64_t end, std::size_t bytes, EngineTime now);

  // Records from this one on are to be kept.
  std::uint64_t start(EngineTime now);

 private:
  struct Piece {
    std::uint64_t end;
    std::size_t bytes;
    EngineTime began;
    EngineTime ended;
  };
  const TailBounds bounds_;
  std::deque<Piece> pieces_;  // oldest first
  std::size_t bytes_ = 0;     // of all pieces
  std::uint64_t start_;
};

}  // namespace sluice
