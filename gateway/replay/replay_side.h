// ReplaySide: one configuration that recorded blocks are run through.
//
//   Configuration --make--> [ Graph, empty at first ] --run(block)--> its outputs, to a visitor
//
// Timers of this configuration that fell due between two recorded blocks are run at their time, as
// the gateway would have made a block for them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "gateway/assembly.h"
#include "gateway/configuration.h"
#include "storage/block.h"

namespace sluice {

class ReplaySide {
 public:
  //   bad_config  the pipelines cannot be joined
  static Result<std::unique_ptr<ReplaySide>> make(Configuration configuration,
                                                  const std::string& store_id);

  struct Output {
    std::string_view pipeline;  // that gave it to the sink
    std::string_view sink;
    const Event& event;
  };
  // What is handed over lives until the call returns.
  using Visit = std::function<void(const Output& output)>;

  // Runs one block, and hands its outputs over in the order of sinks.
  void run(const Block& block, Arena& arena, const Visit& visit);

  // Of the block that was run last: whether its outputs are those that the gateway committed.
  bool was_as_sent() const { return was_as_sent_; }
  std::uint64_t dead_letters() const { return dead_letters_; }

 private:
  ReplaySide() = default;
  void run_timers_before(const BlockHeader& header, const Visit& visit);
  void hand_over(const Visit& visit);

  Assembly assembly_;
  std::vector<EventMaker*> makers_;
  std::vector<bool> is_journaled_;
  GraphOutput output_;
  bool has_run_ = false;
  bool was_as_sent_ = true;
  std::uint64_t dead_letters_ = 0;
  std::uint64_t timer_blocks_ = 0;
};

}  // namespace sluice
