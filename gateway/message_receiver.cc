#include "gateway/message_receiver.h"

#include <algorithm>

#include "gateway/recent_events.h"

namespace sluice {

MessageReceiver::MessageReceiver(std::vector<EventMaker*> makers, Metrics& metrics)
    : makers_(std::move(makers)),
      redelivered_(metrics.counter("sluice_engine_redelivered_messages_total",
                                   "Messages that were committed before: answered, and dropped.")) {
  for (const EventMaker* maker : makers_) {
    const Labels labels = {{"source", maker->source_name()}};
    received_.push_back(
        &metrics.counter("sluice_source_messages_total", "Messages taken in.", labels));
    received_bytes_.push_back(&metrics.counter(
        "sluice_source_bytes_total", "Bytes of these messages, as they wait to be taken.", labels));
    undecodable_.push_back(&metrics.counter("sluice_source_undecodable_messages_total",
                                            "Messages that could not be decoded: dead letters.",
                                            labels));
  }
}

void MessageReceiver::receive(Beat& beat, std::uint64_t& sequence, EngineTime now) {
  now_ = now;
  for (const TakenBatch& taken : beat.taken) {
    beat.bytes += taken.batch.bytes();
    for (const Message& message : taken.batch.messages())
      decode(message, taken.source, beat, sequence);
    received_[taken.source]->add(taken.batch.messages().size());
    received_bytes_[taken.source]->add(taken.batch.bytes());
  }
}

void MessageReceiver::decode(const Message& message, std::size_t source, Beat& beat,
                             std::uint64_t& sequence) {
  ++beat.messages;
  beat.receipts[source] = std::max(beat.receipts[source], message.receipt);
  if (!message.state.key.empty()) beat.state_changes.emplace_back(source, &message);
  if (message.is_control) return;
  EventMaker& maker = *makers_[source];
  std::uint64_t fingerprint = 0;
  if (is_repeat(message, maker, fingerprint)) {
    redelivered_.add();
    return;
  }
  const std::size_t first = beat.events.size();
  if (auto made = maker.make(message, beat.arena, sequence, beat.events); !made) {
    DeadLetter letter;
    letter.stage = "decode";
    letter.reason = made.error().message;
    letter.event = maker.make_undecoded(message, beat.arena, sequence);
    letter.event.fingerprint = fingerprint;
    note_undecodable(letter.event, letter.reason);
    beat.undecodable.push_back(std::move(letter));
    return;
  }
  drop_known_ids(beat, first, fingerprint);
}

void MessageReceiver::note_undecodable(const Event& event, std::string_view reason) {
  undecodable_[event.source_index]->add();
  undecodable_log_.report(static_cast<std::int64_t>(now_), LogLevel::warning,
                          "A message cannot be decoded: it is kept as a dead letter",
                          {{"source", event.source_name},
                           {"sender", event.sender},
                           {"topic", event.topic},
                           {"reason", reason}});
}

// Remembers the message, unless it is a proven repeat of one that was committed. `fingerprint`
// stays 0 where a repeat could never be proven by it.
bool MessageReceiver::is_repeat(const Message& message, const EventMaker& maker,
                                std::uint64_t& fingerprint) {
  if (message.number == 0 || message.qos == 2) return false;  // QoS 2: the session knows
  if (message.repeat != Repeat::proven && !maker.has_own_identity()) return false;
  fingerprint =
      message_fingerprint(message.number, message.sender_key, message.topic, message.payload);
  if (message.repeat != Repeat::never &&
      repeats_.knows(maker.source_name(), message.sender, fingerprint, now_))
    return true;
  repeats_.remember(maker.source_name(), message.sender, fingerprint, now_);
  return false;
}

// The same sender never gives an id twice: a second event with it is a repeat.
void MessageReceiver::drop_known_ids(Beat& beat, std::size_t first, std::uint64_t fingerprint) {
  std::size_t kept = first;
  for (std::size_t i = first; i < beat.events.size(); ++i) {
    Event& event = beat.events[i];
    event.fingerprint = fingerprint;
    if (event.has_own_id) {
      event.fingerprint = id_fingerprint(event.id);
      if (repeats_.knows(event.source_name, event.sender, event.fingerprint, now_)) {
        redelivered_.add();
        continue;
      }
      repeats_.remember(event.source_name, event.sender, event.fingerprint, now_);
    }
    if (kept != i) beat.events[kept] = event;
    ++kept;
  }
  beat.events.resize(kept);
}

Result<void> MessageReceiver::recall(const Store& store, FrameCodec& codec,
                                     std::string_view store_id, const Head& head,
                                     std::size_t tail_bytes, EngineTime now) {
  return for_each_recent_event(store, codec, store_id, head, tail_bytes, [&](const Event& event) {
    const auto remember = [&](std::uint64_t fingerprint) {
      repeats_.remember(event.source_name, event.sender, fingerprint, now);
    };
    if (event.fingerprint != 0) return remember(event.fingerprint);
    if (!event.is_unchanged) return;
    if (event.has_own_id) remember(id_fingerprint(event.id));
    if (event.number == 0 || !event.has_payload) return;
    remember(message_fingerprint(event.number, event.sender_key, event.topic, event.payload));
  });
}

}  // namespace sluice
