// The engine's side of what a person asks for: in commits of its own, between two beats.
#include <algorithm>
#include <utility>

#include "gateway/engine.h"

namespace sluice {

Result<void> Engine::commit_edit(const std::function<Result<void>(WriteBatch&, Head&)>& change) {
  if (has_failed_beat_) return Error{ErrorKind::no_space, "the store is full: try again later"};
  WriteBatch batch;
  Head changed = lanes_.head_copy();
  TRY(change(batch, changed));
  changed.next_sequence = next_sequence_;
  changed.next_block = next_block_;
  changed.engine_time = now();
  sluice::put_head(batch, codec_, changed);
  TRY(context_.store.commit(batch));
  commits_.add();
  lanes_.adopt(std::move(changed));
  return {};
}

Result<void> Engine::commit_nothing() {
  return commit_edit([](WriteBatch&, Head&) -> Result<void> { return {}; });
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
  LetterChoice again;
  again.numbers.insert(change.not_now.begin(), change.not_now.end());
  change.not_now.clear();
  if (!again.numbers.empty()) change = TRY(reinject(again, change.changed));
  return change;
}

// As if their senders had sent them again; the beat that takes them retires the letters.
Result<LetterChange> Engine::reinject(const LetterChoice& choice, std::uint64_t changed) {
  LetterChange change;
  change.changed = changed;
  std::uint64_t damaged = 0;
  TRY(read_dead_letters(context_.store, codec_, store_id_, lanes_.head().first_dead_letter, damaged,
                        [&](const DeadLetter& letter, const BlockHeader&) {
                          // Those on their way wait for a beat.
                          if (!choice.has(letter.number) || injected_letters_.has(letter.number))
                            return true;
                          if (inject(letter)) {
                            ++change.changed;
                          } else {
                            change.not_now.push_back(letter.number);
                          }
                          return true;
                        }));
  // A beat that fails is kept, and commits later.
  if (!injected_.empty()) (void)beat().is_ok();
  return change;
}

// False: its source is gone, or it is not what a source received.
bool Engine::inject(const DeadLetter& letter) {
  const Event& event = letter.event;
  const auto source = std::ranges::find_if(sources_, [&](const EngineSource& candidate) {
    return candidate.maker->source_name() == event.source_name;
  });
  if (source == sources_.end() || !event.has_payload) return false;
  Message message;
  message.sender = event.sender;
  message.topic = event.topic;
  message.payload = event.payload;
  message.content_type = event.datacontenttype;
  message.user_properties = event.user_properties;
  message.headers = event.headers;
  message.received = event.received;
  TakenBatch again;
  again.source = static_cast<std::size_t>(source - sources_.begin());
  again.batch.add(message);
  injected_.push_back(std::move(again));
  injected_letters_.numbers.insert(letter.number);
  return true;
}

}  // namespace sluice
