// Beat: all that one turn of the engine holds, from take to settle. Reused from beat to beat for
// its memory; one whose commit failed is kept as it is until it commits.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "drivers/message.h"
#include "gateway/intake_queue.h"
#include "pipelines/graph.h"
#include "storage/block.h"
#include "storage/dead_letters.h"
#include "storage/store.h"

namespace sluice {

struct Beat {
  // Taken, and decoded.
  std::vector<TakenBatch> taken;
  Arena arena{64 * 1024};
  std::vector<Event> events;  // in arrival order; texts in `taken` and `arena`
  std::vector<DeadLetter> undecodable;
  std::vector<std::pair<std::size_t, const Message*>> state_changes;  // source, message
  std::vector<Receipt> receipts;  // by source: the highest of this beat; 0: none
  std::size_t messages = 0;
  std::size_t bytes = 0;

  // Processed.
  BlockHeader header;
  std::vector<Event*> pointers;
  GraphOutput output;

  // To be committed.
  WriteBatch batch;
  // Of `batch`: trims, and dead letters of rejected events, that are not durable yet.
  WriteBatch acknowledged;
  bool is_journaled = false;  // a journal block is written, if only an empty one
  bool has_block = false;     // something was written under header.block

  void clear(std::size_t sources) {
    CHECK(taken.empty());
    arena.reset();
    events.clear();
    undecodable.clear();
    state_changes.clear();
    receipts.assign(sources, Receipt{});
    messages = 0;
    bytes = 0;
    pointers.clear();
    output.clear();
    batch.clear();
    acknowledged.clear();
    is_journaled = false;
    has_block = false;
  }
};

}  // namespace sluice
