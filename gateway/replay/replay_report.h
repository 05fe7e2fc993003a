// ReplayReport: all that is to be told of a replay that compared two configurations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "gateway/replay/difference.h"
#include "gateway/replay/journal_walk.h"

namespace sluice {

struct ReplayReport {
  WalkReport walk;
  std::string before_name;  // the file that was in force
  std::uint32_t before_epoch = 0;
  Timestamp before_since{};
  std::string after_name;
  std::uint64_t before_dead_letters = 0;
  std::uint64_t after_dead_letters = 0;
  // Of the blocks of `before_epoch`: those whose outputs are not what was sent then.
  std::uint64_t compared_with_sent = 0;
  std::uint64_t not_as_sent = 0;
  std::vector<std::string> notes;  // what a reader must know, a sentence each
  DifferenceReport difference;

  bool is_equal() const {
    return difference.counts.unequal() == 0 && before_dead_letters == after_dead_letters;
  }
};

}  // namespace sluice
