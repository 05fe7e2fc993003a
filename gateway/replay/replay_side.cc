#include "gateway/replay/replay_side.h"

#include <optional>

#include "gateway/block_replay.h"
#include "gateway/output_digest.h"

namespace sluice {
namespace {

// A gateway that is not busy makes the block of a timer within this time; a recorded block that
// follows sooner does for it.
constexpr Duration timer_slack = std::chrono::seconds(1);
// Blocks of timers have numbers that no recorded one has: the ids of outputs are made from them.
constexpr std::uint64_t first_timer_block = 1'000'000'000'000;

}  // namespace

Result<std::unique_ptr<ReplaySide>> ReplaySide::make(Configuration configuration,
                                                     const std::string& store_id) {
  auto side = std::unique_ptr<ReplaySide>(new ReplaySide());
  side->assembly_ = TRY(assemble(configuration, store_id, nullptr));
  const Assembly& assembly = side->assembly_;
  for (std::size_t i = 0; i < assembly.makers.size(); ++i) {
    side->makers_.push_back(assembly.makers[i].get());
    side->is_journaled_.push_back(assembly.is_all_journaled || assembly.graph->is_stateful(i));
  }
  return side;
}

void ReplaySide::run(const Block& block, Arena& arena, const Visit& visit) {
  if (has_run_) run_timers_before(block.header, visit);
  has_run_ = true;
  replay_block(block, *assembly_.graph, makers_, arena, output_);
  was_as_sent_ = output_digest(output_, is_journaled_) == block.header.output_digest;
  hand_over(visit);
}

// Where the configuration is the one that was in force, the recording has a block for each timer.
void ReplaySide::run_timers_before(const BlockHeader& header, const Visit& visit) {
  std::optional<EngineTime> timer = assembly_.graph->next_timer();
  while (timer && header.engine_time - *timer > timer_slack) {
    Arena arena;
    output_.clear();
    assembly_.graph->process(
        {},
        {first_timer_block + timer_blocks_++, *timer, header.wall - (header.engine_time - *timer),
         header.time_quality == TimeQuality::synchronised, false},
        arena, output_);
    hand_over(visit);
    const std::optional<EngineTime> next = assembly_.graph->next_timer();
    if (next && *next <= *timer) return;  // it waits for something else
    timer = next;
  }
}

void ReplaySide::hand_over(const Visit& visit) {
  dead_letters_ += output_.dead_letters.size();
  const std::vector<GraphTarget>& targets = assembly_.graph->targets();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::size_t next = 0;
    for (const GraphRun& run : output_.runs[i]) {
      for (const std::size_t end = next + run.events; next < end; ++next)
        visit({run.pipeline, targets[i].sink, *output_.targets[i][next]});
    }
  }
}

}  // namespace sluice
