// MessageReceiver: the decoding part of a beat. Messages become events or dead letters; what is
// proven to have been committed before is dropped, and counted. Engine thread only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "gateway/beat.h"
#include "gateway/event_maker.h"
#include "gateway/repeat_memory.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/store.h"

namespace sluice {

class MessageReceiver {
 public:
  // `makers` by source; lent.
  MessageReceiver(std::vector<EventMaker*> makers, Metrics& metrics);

  // Decodes all that `beat` has taken. Each event gets the next value of `sequence`.
  void receive(Beat& beat, std::uint64_t& sequence, EngineTime now);

  // Remembers the events in the last `tail_bytes` of each stored stream as if they had just been
  // committed. Before the first beat.
  Result<void> recall(const Store& store, FrameCodec& codec, std::string_view store_id,
                      const Head& head, std::size_t tail_bytes, EngineTime now);

  // An event was refused in the graph, when the rest of it was read.
  void note_undecodable(const Event& event, std::string_view reason);

 private:
  void decode(const Message& message, std::size_t source, Beat& beat, std::uint64_t& sequence);
  bool is_repeat(const Message& message, const EventMaker& maker, std::uint64_t& fingerprint);
  void drop_known_ids(Beat& beat, std::size_t first, std::uint64_t fingerprint);

  const std::vector<EventMaker*> makers_;
  RepeatMemory repeats_;
  EngineTime now_{};
  RepeatedError undecodable_log_;

  Counter& redelivered_;
  std::vector<Counter*> received_;  // messages by source
  std::vector<Counter*> received_bytes_;
  std::vector<Counter*> undecodable_;
};

}  // namespace sluice
