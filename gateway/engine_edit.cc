// The engine's side of what a person asks for: in commits of its own, between two beats.
#include <utility>

#include "gateway/engine.h"

namespace sluice {

Result<void> Engine::commit_edit(const std::function<Result<void>(WriteBatch&, Head&)>& change) {
  if (has_failed_beat_) return Error{ErrorKind::no_space, "the store is full: try again later"};
  WriteBatch batch;
  TRY(lanes_.edit([&](Head& head) { return change(batch, head); }));
  Head& head = lanes_.head();
  head.next_sequence = next_sequence_;
  head.next_block = next_block_;
  head.engine_time = now();
  lanes_.put_head(batch);
  if (auto committed = context_.store.commit(batch); !committed) {
    // The positions in memory are ahead of the store: go on from what is durable.
    log_error("A change that was asked for cannot be committed: the gateway ends",
              {{"reason", committed.error().message}});
    std::abort();
  }
  commits_.add();
  lanes_.publish();
  return {};
}

Result<std::uint64_t> Engine::add_to_sink(std::string_view sink, std::string_view block) {
  std::uint64_t added = 0;
  const auto done = commit_edit([&](WriteBatch& batch, Head& head) -> Result<void> {
    const LaneId lane = TRY(last_lane_of(head, sink));
    added = TRY(add_events(batch, codec_, head, lane, make_header(), block, store_id_));
    return {};
  });
  if (!done) return done.error();
  return added;
}

Result<LetterChange> Engine::drop_letters(const LetterChoice& choice) {
  LetterChange change;
  const auto done = commit_edit([&](WriteBatch& batch, Head& head) -> Result<void> {
    change = TRY(sluice::drop_letters(context_.store, batch, codec_, head, store_id_, choice));
    return {};
  });
  if (!done) return done.error();
  return change;
}

Result<LetterChange> Engine::retry_letters(const LetterChoice& choice) {
  LetterChange change;
  const auto done = commit_edit([&](WriteBatch& batch, Head& head) -> Result<void> {
    change = TRY(sluice::retry_letters(context_.store, batch, codec_, head, store_id_, choice,
                                       make_header()));
    return {};
  });
  if (!done) return done.error();
  LetterChoice rest;
  rest.numbers.insert(change.not_now.begin(), change.not_now.end());
  change.not_now.clear();
  if (!rest.numbers.empty()) change.changed += TRY(reinject(rest));
  return change;
}

// As if their senders had sent them again; the beat that takes them retires the letters.
Result<std::uint64_t> Engine::reinject(const LetterChoice& choice) {
  std::uint64_t damaged = 0;
  std::uint64_t count = 0;
  TRY(read_dead_letters(context_.store, codec_, store_id_, lanes_.head().first_dead_letter, damaged,
                        [&](const DeadLetter& letter, const BlockHeader&) {
                          if (!choice.has(letter.number)) return true;
                          const Event& event = letter.event;
                          for (std::size_t i = 0; i < sources_.size(); ++i) {
                            if (sources_[i].maker->source_name() != event.source_name ||
                                !event.has_payload)
                              continue;
                            Message message;
                            message.sender = event.sender;
                            message.topic = event.topic;
                            message.payload = event.payload;
                            message.content_type = event.datacontenttype;
                            message.received = event.received;
                            TakenBatch again;
                            again.source = i;
                            again.batch.add(message);
                            injected_.push_back(std::move(again));
                            injected_letters_.numbers.insert(letter.number);
                            ++count;
                            break;
                          }
                          return true;
                        }));
  if (count > 0) {
    if (auto done = beat(); !done && !has_failed_beat_) return std::move(done).error();
  }
  return count;
}

}  // namespace sluice
