#include "gateway/engine.h"

#include <sys/random.h>
#include <sys/timex.h>

#include <algorithm>
#include <cstdlib>

#include "gateway/output_digest.h"
#include "gateway/recent_events.h"
#include "storage/journal.h"
#include "storage/source_state.h"

namespace sluice {
namespace {

constexpr Duration usage_check_interval = std::chrono::milliseconds(200);
constexpr Duration idle_turn = std::chrono::seconds(1);  // the loop turns at least this often
constexpr Duration retry_commit_after = std::chrono::milliseconds(250);
constexpr Duration acknowledgement_delay =
    std::chrono::seconds(1);  // when nothing else is to be written
// Above the high mark nothing new is taken in; below the low mark the sources go on. What lies
// between the high mark and the end is for trims, positions and dead letters.
constexpr double high_mark = 0.90;
constexpr double low_mark = 0.85;

TimeQuality time_quality() {
  timex status{};
  const int state = adjtimex(&status);
  return state >= 0 && state != TIME_ERROR && (status.status & STA_UNSYNC) == 0
             ? TimeQuality::synchronised
             : TimeQuality::unknown;
}

void append(WriteBatch& to, const WriteBatch& from) {
  for (const WriteBatch::Operation& operation : from.operations()) {
    if (operation.is_erase) {
      to.erase(operation.key);
    } else {
      to.put(operation.key, operation.value);
    }
  }
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  CHECK(getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

}  // namespace

// All that one beat holds from take to settle.
struct Engine::Prepared {
  std::vector<TakenBatch> taken;
  Arena arena{64 * 1024};
  std::vector<Event> events;  // in arrival order; texts in `taken` and `arena`
  std::vector<Event*> pointers;
  GraphOutput output;
  std::vector<DeadLetter> undecodable;
  std::vector<std::pair<std::size_t, const Message*>> state_changes;  // source, message
  std::vector<Receipt> receipts;  // by source: the highest of this beat; 0: none
  std::size_t messages = 0;
  std::size_t bytes = 0;
  BlockHeader header;
  WriteBatch batch;
  WriteBatch
      acknowledged;  // of `batch`: trims, and dead letters of rejected events, not durable yet
  bool is_journaled = false;  // a journal block is written, if only an empty one
  bool has_block = false;     // something was written under header.block

  void clear(std::size_t sources) {
    CHECK(taken.empty());
    arena.reset();
    events.clear();
    pointers.clear();
    output.clear();
    undecodable.clear();
    state_changes.clear();
    receipts.assign(sources, Receipt{});
    messages = 0;
    bytes = 0;
    batch.clear();
    acknowledged.clear();
    is_journaled = false;
    has_block = false;
  }
};

Engine::Engine(EngineContext context, EngineConfig config, std::string store_id, Head head,
               std::unique_ptr<Graph> graph, std::vector<EngineSource> sources)
    : context_(context),
      config_(std::move(config)),
      store_id_(std::move(store_id)),
      graph_(std::move(graph)),
      sources_(std::move(sources)),
      lanes_(context_.store, codec_, context_.border, context_.metrics, store_id_, std::move(head),
             graph_->targets()),
      pace_(config_.pace, context_.clock.monotonic()),
      snapshots_(context_.store, codec_, *graph_, config_.snapshot_max_replay,
                 config_.snapshot_block),
      beat_(std::make_unique<Prepared>()),
      base_engine_(lanes_.head().engine_time),
      base_monotonic_(context_.clock.monotonic()),
      next_sequence_(lanes_.head().next_sequence),
      next_block_(lanes_.head().next_block),
      boot_id_(random_number()),
      redelivered_(
          context_.metrics.counter("sluice_engine_redelivered_messages_total",
                                   "Messages that were committed before: answered, and dropped.")),
      commits_(context_.metrics.counter("sluice_store_commits_total", "Durable commits.")),
      dead_letters_(context_.metrics.counter("sluice_engine_dead_letters_total",
                                             "Events kept as dead letters.")) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    is_journaled_.push_back(config_.always_journal || graph_->is_stateful(i));
    const Labels labels = {{"source", sources_[i].maker->source_name()}};
    received_.push_back(
        &context_.metrics.counter("sluice_source_messages_total", "Messages taken in.", labels));
    undecodable_.push_back(
        &context_.metrics.counter("sluice_source_undecodable_messages_total",
                                  "Messages that could not be decoded: dead letters.", labels));
  }
  beat_->clear(sources_.size());
  lanes_.publish_all();
}

Engine::~Engine() = default;

EngineTime Engine::now() const {
  return base_engine_ + (context_.clock.monotonic() - base_monotonic_);
}

Head Engine::head() const { return lanes_.head_copy(); }

// --- take and decode ---

void Engine::take_and_decode(Prepared& beat) {
  if (context_.intake.take(config_.max_beat_messages, config_.max_beat_bytes, beat.taken)) {
    for (EngineSource& source : sources_) {
      if (source.source != nullptr && !is_blocked()) source.source->resume();
    }
  }
  for (const TakenBatch& taken : beat.taken) {
    beat.bytes += taken.batch.bytes();
    for (const Message& message : taken.batch.messages()) decode(message, taken.source, beat);
    received_[taken.source]->add(taken.batch.messages().size());
  }
}

void Engine::decode(const Message& message, std::size_t source, Prepared& beat) {
  ++beat.messages;
  beat.receipts[source] = std::max(beat.receipts[source], message.receipt);
  if (!message.state.key.empty()) beat.state_changes.emplace_back(source, &message);
  if (message.is_control) return;
  EventMaker& maker = *sources_[source].maker;
  if (is_repeat(message, maker)) {
    redelivered_.add();
    return;
  }
  const std::size_t first = beat.events.size();
  if (auto made = maker.make(message, beat.arena, next_sequence_, beat.events); !made) {
    DeadLetter letter;
    letter.stage = "decode";
    letter.reason = made.error().message;
    letter.event = maker.make_undecoded(message, beat.arena, next_sequence_);
    beat.undecodable.push_back(std::move(letter));
    undecodable_[source]->add();
    return;
  }
  drop_known_ids(beat, first);
}

// Remembers the message, unless it is a proven repeat of one that was committed.
bool Engine::is_repeat(const Message& message, EventMaker& maker) {
  if (message.number == 0) return false;
  const std::uint64_t fingerprint =
      message_fingerprint(message.number, message.sender_key, message.topic, message.payload);
  const bool may_drop = message.repeat == Repeat::proven ||
                        (message.repeat == Repeat::possible && maker.has_own_identity());
  if (may_drop && repeats_.knows(maker.source_name(), message.sender, fingerprint, now()))
    return true;
  repeats_.remember(maker.source_name(), message.sender, fingerprint, now());
  return false;
}

// The same sender never gives an id twice: a second event with it is a repeat.
void Engine::drop_known_ids(Prepared& beat, std::size_t first) {
  std::size_t kept = first;
  for (std::size_t i = first; i < beat.events.size(); ++i) {
    const Event& event = beat.events[i];
    if (event.has_own_id) {
      const std::uint64_t fingerprint = id_fingerprint(event.id);
      if (repeats_.knows(event.source_name, event.sender, fingerprint, now())) {
        redelivered_.add();
        continue;
      }
      repeats_.remember(event.source_name, event.sender, fingerprint, now());
    }
    beat.events[kept++] = event;
  }
  beat.events.resize(kept);
}

// --- process ---

BlockHeader Engine::make_header() const {
  BlockHeader header;
  header.block = next_block_;
  header.epoch = config_.epoch;
  header.boot_id = boot_id_;
  header.monotonic = context_.clock.monotonic();
  header.wall = context_.clock.wall();
  header.time_quality = time_quality();
  header.was_backpressured = was_backpressured_ || is_blocked();
  header.engine_time = now();
  header.next_sequence = next_sequence_;
  header.gateway = config_.gateway;
  return header;
}

void Engine::process(Prepared& beat) {
  const Duration started = context_.clock.monotonic();
  beat.header = make_header();
  std::uint32_t index = 0;
  for (Event& event : beat.events) {
    if (is_journaled_[event.source_index]) event.block_index = index++;
    beat.pointers.push_back(&event);
  }
  // A replay knows only what is in the journal: what moves state is a block, if only an empty one.
  const auto timer = graph_->next_timer();
  beat.is_journaled = index > 0 || (timer && *timer <= beat.header.engine_time);
  was_backpressured_ = beat.header.was_backpressured && !beat.is_journaled;
  const BlockTime time{beat.header.block,
                       beat.header.engine_time,
                       beat.header.wall,
                       beat.header.time_quality == TimeQuality::synchronised,
                       beat.header.was_backpressured,
                       beat.is_journaled};
  graph_->process(beat.pointers, time, beat.arena, beat.output);
  if (beat.is_journaled) snapshots_.processed(context_.clock.monotonic() - started);
}

// --- commit and settle ---

// Puts all effects of the beat into its one batch.
Result<void> Engine::write(Prepared& beat) {
  std::vector<const Event*> journaled;
  for (const Event& event : beat.events) {
    if (is_journaled_[event.source_index]) journaled.push_back(&event);
  }
  if (beat.is_journaled) {
    beat.header.output_digest = output_digest(beat.output, is_journaled_);
    put_journal(beat.batch, codec_, beat.header, journaled);
  }
  for (std::size_t target = 0; target < beat.output.targets.size(); ++target) {
    if (!beat.output.targets[target].empty()) {
      lanes_.append(beat.batch, target, beat.output.targets[target], is_journaled_, beat.header);
    }
  }
  std::vector<DeadLetter> letters = std::move(beat.undecodable);
  beat.undecodable.clear();
  for (const GraphDeadLetter& dead : beat.output.dead_letters) {
    letters.push_back({0, dead.stage, dead.reason, *dead.event});
  }
  if (!letters.empty()) {
    Head& head = lanes_.head();
    put_dead_letters(beat.batch, codec_, head.next_dead_letter, beat.header, letters);
    head.next_dead_letter += letters.size();
    dead_letters_.add(letters.size());
  }
  for (const auto& [source, message] : beat.state_changes) {
    const std::string& name = sources_[source].maker->source_name();
    if (message->state.erase) {
      erase_source_state(beat.batch, name, message->state.key);
    } else {
      put_source_state(beat.batch, codec_, name, message->state.key, message->state.value);
    }
  }
  beat.has_block = !beat.batch.empty();
  TRY(lanes_.take_acknowledgements(beat.acknowledged, beat.header, snapshots_.keep_journal_from()));
  append(beat.batch, beat.acknowledged);
  // Without a block the state is that of the last one: this one's number goes to the next beat.
  TRY(snapshots_.add_slices(beat.batch, beat.header.block - (beat.has_block ? 0 : 1)));
  if (lanes_.is_head_dirty()) put_head(beat);
  return {};
}

void Engine::put_head(Prepared& beat) {
  Head& head = lanes_.head();
  head.next_sequence = next_sequence_;
  head.next_block = std::max(head.next_block, next_block_ + (beat.has_block ? 1 : 0));
  head.engine_time = beat.header.engine_time;
  lanes_.put_head(beat.batch);
}

Result<void> Engine::commit(Prepared& beat) {
  if (!beat.batch.empty()) {
    TRY(context_.store.commit(beat.batch));
    commits_.add();
    pace_.committed(beat.messages, beat.bytes);
  }
  return {};
}

void Engine::settle(Prepared& beat) {
  if (beat.has_block) ++next_block_;
  snapshots_.committed();
  lanes_.publish();
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (beat.receipts[i] != Receipt{} && sources_[i].source != nullptr) {
      sources_[i].source->settle(beat.receipts[i], Outcome::stored);
    }
  }
  context_.intake.recycle(beat.taken);
}

Result<BeatReport> Engine::beat() {
  Prepared& beat = *beat_;
  if (!has_failed_beat_) {
    beat.clear(sources_.size());
    if (!is_blocked()) take_and_decode(beat);
    process(beat);
    has_failed_beat_ = true;  // until all of it is durable
    // Only reading the store can fail here, and half a batch must never be committed: end, and let
    // the next start recover from what is durable.
    if (auto written = write(beat); !written) {
      log_error("The store cannot be read: the gateway ends",
                {{"reason", written.error().message}});
      std::abort();
    }
  }
  if (auto committed = commit(beat); !committed) {
    if (committed.error().kind == ErrorKind::no_space) set_blocked(true, committed.error().message);
    return std::move(committed).error();
  }
  has_failed_beat_ = false;
  settle(beat);
  return BeatReport{beat.messages, beat.events.size(), !beat.batch.empty()};
}

// --- the loop ---

void Engine::set_blocked(bool is_blocked, std::string_view why) {
  if (is_blocked_.exchange(is_blocked) == is_blocked) return;
  if (is_blocked) {
    log_warning("The store is full: sources wait until upstream has taken something",
                {{"reason", why}});
  } else {
    log_info("The store has room again: sources go on");
  }
  for (EngineSource& source : sources_) {
    if (source.source == nullptr) continue;
    if (is_blocked) {
      source.source->pause();
    } else {
      source.source->resume();
    }
  }
}

Result<void> Engine::housekeep() {
  const Duration time = context_.clock.monotonic();
  if (time >= next_usage_check_) {
    next_usage_check_ = time + usage_check_interval;
    const StoreUsage usage = context_.store.usage();
    const double share =
        static_cast<double>(usage.used_bytes) / static_cast<double>(usage.max_bytes);
    if (share >= high_mark) set_blocked(true, "storage.max_size is nearly reached");
    if (share <= low_mark && !has_failed_beat_) set_blocked(false, {});
  }
  if (!has_failed_beat_) return {};
  // The kept beat waits for space: acknowledgements and trims go first, in a batch of their own.
  // What is freed there says nothing of the beat, which holds it as well: to do it twice is
  // harmless.
  WriteBatch taken;
  TRY(lanes_.take_acknowledgements(taken, make_header(), snapshots_.keep_journal_from()));
  append(beat_->batch, taken);
  append(beat_->acknowledged, taken);
  if (lanes_.is_head_dirty()) put_head(*beat_);  // the one that the beat holds is older
  if (beat_->acknowledged.empty()) return {};
  WriteBatch alone = beat_->acknowledged;
  lanes_.put_committed_head(alone);
  TRY(context_.store.commit(alone));
  beat_->acknowledged.clear();
  return {};
}

void Engine::run() {
  Duration acknowledged_at{};  // when the oldest unwritten acknowledgement was seen
  while (!is_stopping_.load()) {
    Duration time = context_.clock.monotonic();
    last_turn_.store(time.count(), std::memory_order_relaxed);
    if (auto kept = housekeep(); !kept) {
      commit_error_.report(time.count(), LogLevel::error, "The store cannot be written",
                           {{"reason", kept.error().message}});
    }
    if (!has_failed_beat_) {
      const auto waiting =
          context_.intake.wait(1, 1, is_blocked() ? usage_check_interval : Duration{0});
      Duration linger = idle_turn;
      if (waiting.messages > 0 && !is_blocked())
        linger = pace_.linger(waiting.messages, waiting.bytes, time);
      const bool has_acknowledgements =
          context_.border.has_acknowledgements() || lanes_.has_pending_trim();
      if (has_acknowledgements && acknowledged_at == Duration{}) acknowledged_at = time;
      if (has_acknowledgements) {
        linger =
            std::min(linger, std::max(Duration{0}, acknowledged_at + acknowledgement_delay - time));
      }
      if (const auto timer = graph_->next_timer())
        linger = std::min(linger, std::max(Duration{0}, *timer - now()));
      if (linger > Duration{0}) {
        const bool is_lingering = waiting.messages > 0 && !is_blocked();
        context_.intake.wait(is_lingering   ? config_.pace.commit_events
                             : is_blocked() ? ~std::size_t{0}
                                            : 1,
                             is_lingering ? config_.pace.commit_bytes : ~std::size_t{0}, linger);
        if (!is_lingering) continue;  // look again at what woke us
        if (is_stopping_.load()) break;
      }
      acknowledged_at = Duration{};
    }
    if (auto done = beat(); !done) {
      commit_error_.report(time.count(), LogLevel::error,
                           "The store cannot be written: nothing more is acknowledged",
                           {{"reason", done.error().message}});
      context_.intake.wait(~std::size_t{0}, ~std::size_t{0}, retry_commit_after);
    }
  }
  // What arrived before the sources stopped is still committed and acknowledged.
  for (int left = 64; left > 0; --left) {
    const auto done = beat();
    if (!done || done->messages == 0) break;
  }
  if (auto saved = snapshot_now(); !saved) {
    log_warning("No snapshot was written at the end; the next start replays the journal",
                {{"reason", saved.error().message}});
  }
}

void Engine::stop() {
  is_stopping_.store(true);
  context_.intake.wake();
}

Result<void> Engine::snapshot_now(WriteBatch with) {
  if (has_failed_beat_) return Error{ErrorKind::no_space, "a beat waits for space"};
  WriteBatch batch = std::move(with);
  const BlockHeader header = make_header();
  TRY(lanes_.take_acknowledgements(batch, header, snapshots_.keep_journal_from()));
  if (!graph_->parts().empty()) TRY(snapshots_.add_whole(batch, next_block_ - 1));
  Head& head = lanes_.head();
  head.next_sequence = next_sequence_;
  head.next_block = next_block_;
  head.engine_time = header.engine_time;
  lanes_.put_head(batch);
  TRY(context_.store.commit(batch));
  snapshots_.committed();
  return {};
}

// The last events of each sender are in the store: remember them as if they had just been
// committed.
Result<void> Engine::recall_repeats() {
  const auto recall = [this](const Event& event) {
    if (!event.is_unchanged) return;
    if (event.has_own_id)
      repeats_.remember(event.source_name, event.sender, id_fingerprint(event.id), now());
    if (event.number == 0 || !event.has_payload) return;
    repeats_.remember(
        event.source_name, event.sender,
        message_fingerprint(event.number, event.sender_key, event.topic, event.payload), now());
  };
  return for_each_recent_event(context_.store, codec_, store_id_, lanes_.head(), recall);
}

}  // namespace sluice
