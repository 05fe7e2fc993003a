#include "gateway/recent_tail.h"

namespace sluice {
namespace {
constexpr int pieces = 16;  // of a full tail: what one step trims
}

RecentTail::RecentTail(TailBounds bounds, std::uint64_t start, std::uint64_t end, EngineTime now)
    : bounds_(bounds), start_(start) {
  added(end, 0, now);
}

void RecentTail::added(std::uint64_t end, std::size_t bytes, EngineTime now) {
  const bool is_new = pieces_.empty() || pieces_.back().bytes >= bounds_.bytes / pieces ||
                      now - pieces_.back().began >= bounds_.age / pieces;
  if (is_new) pieces_.push_back({end, 0, now, now});
  Piece& last = pieces_.back();
  last.end = end;
  last.bytes += bytes;
  last.ended = now;
  bytes_ += bytes;
}

std::uint64_t RecentTail::start(EngineTime now) {
  while (!pieces_.empty() &&
         (bytes_ > bounds_.bytes || now - pieces_.front().ended > bounds_.age)) {
    start_ = pieces_.front().end;
    bytes_ -= pieces_.front().bytes;
    pieces_.pop_front();
  }
  return start_;
}

}  // namespace sluice
