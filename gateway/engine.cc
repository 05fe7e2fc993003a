#include "gateway/engine.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "gateway/output_digest.h"
#include "storage/journal.h"
#include "storage/source_state.h"

namespace sluice {
namespace {

// Stored events that are kept, although nobody needs them any more, to know repeats by.
constexpr std::size_t max_tail_bytes = 4 * 1024 * 1024;
constexpr std::uint64_t tail_share = 16;  // and not more of storage.max_size than one in so many

std::vector<EventMaker*> makers_of(const std::vector<EngineSource>& sources) {
  std::vector<EventMaker*> makers;
  makers.reserve(sources.size());
  for (const EngineSource& source : sources) makers.push_back(source.maker.get());
  return makers;
}

std::vector<std::vector<std::uint16_t>> sinks_of_sources(const Graph& graph, Lanes& lanes,
                                                         std::size_t sources) {
  std::vector<std::vector<std::uint16_t>> sinks(sources);
  for (std::size_t source = 0; source < sources; ++source) {
    for (const std::size_t target : graph.targets_of(source))
      sinks[source].push_back(lanes.head().sink_number(graph.targets()[target].sink));
  }
  return sinks;
}

std::set<std::uint16_t> lossy_sinks(Lanes& lanes, const Retention& retention) {
  std::set<std::uint16_t> lossy;
  for (const auto& [name, number] : lanes.head().sinks) {
    if (retention.of(name).is_lossy()) lossy.insert(number);
  }
  return lossy;
}

}  // namespace

Engine::Engine(EngineContext context, EngineConfig config, std::string store_id, Head head,
               std::unique_ptr<Graph> graph, std::vector<EngineSource> sources)
    : context_(context),
      config_(std::move(config)),
      store_id_(std::move(store_id)),
      graph_(std::move(graph)),
      sources_(std::move(sources)),
      retention_(context_.store, codec_, context_.metrics, store_id_, config_.policies,
                 [this](Event& event, Arena& arena) { return read_data(event, arena); }),
      lanes_(context_.store, codec_, context_.border, context_.metrics, store_id_, std::move(head),
             graph_->targets(), retention_, config_.journal_retain),
      pace_(config_.pace, context_.clock.monotonic()),
      flash_(config_.flash_budget_per_day, FlashAccount::read_kernel_account),
      snapshots_(context_.store, codec_, *graph_, config_.snapshot_max_replay,
                 config_.snapshot_block),
      receiver_(makers_of(sources_), context_.metrics),
      backpressure_(config_.marks, sinks_of_sources(*graph_, lanes_, sources_.size()),
                    lossy_sinks(lanes_, retention_)),
      base_engine_(lanes_.head().engine_time),
      base_monotonic_(context_.clock.monotonic()),
      next_sequence_(lanes_.head().next_sequence),
      next_block_(lanes_.head().next_block),
      boot_id_(context_.clock.boot_id()),
      commits_(context_.metrics.counter("sluice_store_commits_total", "Durable commits.")),
      dead_letters_(context_.metrics.counter("sluice_engine_dead_letters_total",
                                             "Events kept as dead letters.")) {
  for (std::size_t i = 0; i < sources_.size(); ++i)
    is_journaled_.push_back(config_.journal_retain > Duration{0} || graph_->is_stateful(i));
  beat_.clear(sources_.size());
  lanes_.publish_all();
}

Engine::~Engine() = default;

// Once the clock is known to be right, times that it gave before in this boot can be corrected.
void Engine::note_clock(const BlockHeader& header) {
  if (header.time_quality != TimeQuality::synchronised) return;
  lanes_.note_clock({header.boot_id, header.wall.time_since_epoch() - header.monotonic});
}

// Of a stored event, as its source's decoder reads it.
Result<void> Engine::read_data(Event& event, Arena& arena) {
  for (const EngineSource& source : sources_) {
    if (source.maker->source_name() == event.source_name)
      return source.maker->read_data(event, arena);
  }
  return Error{ErrorKind::bad_input, "its source is gone"};
}

EngineTime Engine::now() const {
  return base_engine_ + (context_.clock.monotonic() - base_monotonic_);
}

Head Engine::head() const { return lanes_.head_copy(); }

// --- take and decode ---

void Engine::take_and_decode(Beat& beat) {
  if (context_.intake.take(config_.max_beat_messages, config_.max_beat_bytes, beat.taken)) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].source != nullptr && !backpressure_.waits(i)) sources_[i].source->resume();
    }
  }
  for (TakenBatch& again : injected_) beat.taken.push_back(std::move(again));
  injected_.clear();
  receiver_.receive(beat, next_sequence_, now());
}

// --- process ---

BlockHeader Engine::make_header() const {
  BlockHeader header;
  header.block = next_block_;
  header.epoch = config_.epoch;
  header.boot_id = boot_id_;
  header.monotonic = context_.clock.monotonic();
  header.wall = context_.clock.wall();
  header.time_quality =
      context_.clock.is_synchronised() ? TimeQuality::synchronised : TimeQuality::unknown;
  header.was_backpressured = was_backpressured_ || is_blocked();
  header.engine_time = now();
  header.next_sequence = next_sequence_;
  header.gateway = config_.gateway;
  return header;
}

void Engine::process(Beat& beat) {
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
Result<void> Engine::write(Beat& beat) {
  // They were taken. First, so that letters that this beat makes of them stay.
  if (injected_.empty() && !injected_letters_.numbers.empty()) {
    TRY(sluice::drop_letters(context_.store, beat.batch, codec_, lanes_.head(), store_id_,
                             injected_letters_));
    lanes_.touch_head();
    injected_letters_ = {};
  }
  std::vector<const Event*> journaled;
  for (const Event& event : beat.events) {
    if (is_journaled_[event.source_index]) journaled.push_back(&event);
  }
  if (beat.is_journaled) {
    beat.header.output_digest = output_digest(beat.output, is_journaled_);
    const std::size_t bytes_before = beat.batch.bytes();
    put_journal(beat.batch, codec_, beat.header, journaled);
    lanes_.added_block(beat.header.block, beat.batch.bytes() - bytes_before,
                       beat.header.engine_time);
  }
  for (std::size_t target = 0; target < beat.output.targets.size(); ++target) {
    if (!beat.output.targets[target].empty()) {
      lanes_.append(beat.batch, target, beat.output.targets[target], is_journaled_, beat.header);
    }
  }
  std::vector<DeadLetter> letters = std::move(beat.undecodable);
  beat.undecodable.clear();
  for (const GraphDeadLetter& dead : beat.output.dead_letters) {
    if (dead.event->data_state == DataState::refused)
      receiver_.note_undecodable(*dead.event, dead.reason);
    letters.push_back({0, dead.stage, dead.reason, *dead.event});
  }
  if (!letters.empty()) {
    lanes_.add_dead_letters(beat.batch, letters, beat.header);
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
  note_clock(beat.header);
  beat.has_block = !beat.batch.empty();
  TRY(lanes_.take_acknowledgements(beat.acknowledged, beat.header, snapshots_.keep_journal_from()));
  TRY(lanes_.give_up(beat.acknowledged, beat.header));
  beat.batch.append(beat.acknowledged);
  // Without a block the state is that of the last one: this one's number goes to the next beat.
  TRY(snapshots_.add_slices(beat.batch, beat.header.block - (beat.has_block ? 0 : 1)));
  if (lanes_.is_head_dirty()) put_head(beat);
  return {};
}

void Engine::put_head(Beat& beat) {
  Head& head = lanes_.head();
  head.next_sequence = next_sequence_;
  head.next_block = std::max(head.next_block, next_block_ + (beat.has_block ? 1 : 0));
  head.engine_time = beat.header.engine_time;
  lanes_.put_head(beat.batch);
}

Result<void> Engine::commit(Beat& beat) {
  if (!beat.batch.empty()) {
    TRY(context_.store.commit(beat.batch));
    commits_.add();
    unchecked_bytes_ += beat.batch.bytes();
    pace_.committed(beat.messages, beat.bytes);
  }
  return {};
}

void Engine::settle(Beat& beat) {
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
  Beat& beat = beat_;
  if (!has_failed_beat_) {
    beat.clear(sources_.size());
    if (!backpressure_.are_all_waiting()) take_and_decode(beat);
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
    // LMDB has found a page that cannot be: the next start looks at the file and salvages it.
    if (committed.error().kind == ErrorKind::corrupt) {
      log_error("The store is damaged: the gateway ends, and the next start salvages it",
                {{"reason", committed.error().message}});
      std::abort();
    }
    lacks_room_ = committed.error().kind == ErrorKind::no_space;
    if (lacks_room_ && backpressure_.fill()) apply_backpressure(committed.error().message);
    return std::move(committed).error();
  }
  has_failed_beat_ = false;
  if (std::exchange(lacks_room_, false)) next_usage_check_ = {};  // sources go on at once
  settle(beat);
  return BeatReport{beat.messages, beat.events.size(), !beat.batch.empty()};
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

Result<void> Engine::recall_repeats() {
  const Head& head = lanes_.head();
  const std::uint64_t share = context_.store.usage().max_bytes / tail_share;
  TailBounds tail;
  tail.bytes = static_cast<std::size_t>(std::min<std::uint64_t>(max_tail_bytes, share)) /
               (head.lanes.size() + 1);
  TRY(lanes_.find_tails(tail));
  return receiver_.recall(context_.store, codec_, store_id_, head, tail.bytes, now());
}

}  // namespace sluice
