// Engine: the beat. One thread, the only writer of the store.
//
//   take -> decode -> process -> commit once -> settle once
//
// Invariant: settle() is called only after the commit that holds the messages' events and effects.
// Invariant: a beat whose commit fails is kept as it is and committed later; it is never processed
// twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "drivers/source.h"
#include "gateway/backpressure.h"
#include "gateway/beat.h"
#include "gateway/buffer/edit.h"
#include "gateway/engine_desk.h"
#include "gateway/event_maker.h"
#include "gateway/flash_account.h"
#include "gateway/intake_queue.h"
#include "gateway/lanes.h"
#include "gateway/message_receiver.h"
#include "gateway/pace.h"
#include "gateway/retention.h"
#include "gateway/snapshot_writer.h"
#include "pipelines/graph.h"
#include "storage/block.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

// One source as the engine sees it. `source` is lent and set before the first beat.
struct EngineSource {
  std::unique_ptr<EventMaker> maker;
  Source* source = nullptr;
};

struct EngineConfig {
  std::string gateway;
  std::uint32_t epoch = 0;
  Duration journal_retain{0};  // zero: the journal is kept for recovery alone
  WaterMarks marks;
  std::map<std::string, RetentionPolicy, std::less<>> policies;  // of sinks that do not block
  PaceConfig pace;
  std::size_t max_beat_messages = 8'192;
  std::size_t max_beat_bytes = 4 * 1024 * 1024;
  std::uint64_t flash_budget_per_day = 0;  // 0: none
  Duration snapshot_max_replay = std::chrono::seconds(2);
  std::uint64_t snapshot_block = 0;  // of the newest valid snapshot; 0: none
};

// What the engine gets from outside; all outlive it.
struct EngineContext {
  Store& store;
  const Clock& clock;
  Metrics& metrics;
  IntakeQueue& intake;
  OutboxBorder& border;
};

// What a beat did, for the loop and for tests.
struct BeatReport {
  std::size_t messages = 0;
  std::size_t events = 0;
  bool has_committed = false;
};

class Engine {
 public:
  // `graph` holds the recovered state and `head` the recovered positions.
  Engine(EngineContext context, EngineConfig config, std::string store_id, Head head,
         std::unique_ptr<Graph> graph, std::vector<EngineSource> sources);
  ~Engine();

  // Refills the memory of repeats from the stored events. Call once before the first beat.
  Result<void> recall_repeats();

  // Connects a source; before run().
  void attach(std::size_t index, Source& source) { sources_[index].source = &source; }

  // One beat, now. Never waits for input.
  //   no_space    the beat is kept; sources are paused; later beats commit it first
  //   try_later   the same, for another failure of the disk
  Result<BeatReport> beat();

  // Watches the space: pauses the sources of a store that is nearly full, lets them go on when
  // there is room again, and frees some while a beat waits for it. run() calls it before each beat;
  // who beats without run() does so too.
  Result<void> housekeep();

  // Beats until stop() is called, then drains the intake and commits what is left.
  void run();
  void stop();  // any thread

  // The monotonic time of the last turn of the loop: the watchdog's proof of life. Any thread.
  Duration last_turn() const { return Duration(last_turn_.load(std::memory_order_relaxed)); }
  // Some source waits because the store is full. Any thread.
  bool is_blocked() const { return is_blocked_.load(std::memory_order_relaxed); }
  EngineTime now() const;
  FlashFigures flash() const { return flash_.figures(); }  // any thread

  // What a person asks for (gateway/buffer/edit.h), in a commit of its own. Within a look, so
  // between two beats.
  //   no_space   a beat waits for space: nothing was changed
  //   bad_input  there is no such sink, or no such source any more
  Result<void> commit_nothing();  // but the positions as they are: does the store take a commit?
  Result<std::uint64_t> add_to_sink(std::string_view sink, std::string_view block);
  Result<LetterChange> drop_letters(const LetterChoice& choice);
  // Those that no sink has refused go through the pipelines again.
  Result<LetterChange> retry_letters(const LetterChoice& choice);

  // Has a look at the graph between two beats of run(). Any other thread.
  //   try_later  the engine did not come to it within `limit`
  Result<void> look(const EngineDesk::Look& look, Duration limit) {
    return desk_.ask(
        look, [this] { context_.intake.wake(); }, limit);
  }

  // Commits the whole state as one snapshot, together with `with` (a clean stop, a new
  // configuration). Not while run() runs.
  Result<void> snapshot_now(WriteBatch with = {});

  const Graph& graph() const { return *graph_; }
  Head head() const;  // a copy; any thread

 private:
  void take_and_decode(Beat& beat);
  void process(Beat& beat);
  BlockHeader make_header() const;
  Result<void> write(Beat& beat);
  void put_head(Beat& beat);
  Result<void> commit(Beat& beat);
  void settle(Beat& beat);
  void apply_backpressure(std::string_view why);
  void gather();
  void linger(Duration time);
  void watch_flash(Duration time);
  void note_clock(const BlockHeader& header);
  Result<void> read_data(Event& event, Arena& arena);
  Result<void> commit_edit(const std::function<Result<void>(WriteBatch&, Head&)>& change);
  Result<LetterChange> reinject(const LetterChoice& choice, std::uint64_t changed);
  bool inject(const DeadLetter& letter);

  EngineContext context_;
  const EngineConfig config_;
  const std::string store_id_;
  std::unique_ptr<Graph> graph_;
  std::vector<EngineSource> sources_;
  std::vector<bool> is_journaled_;  // by source, fixed per epoch

  // Engine thread only.
  FrameCodec codec_;
  Retention retention_;
  Lanes lanes_;
  Pace pace_;
  FlashAccount flash_;
  SnapshotWriter snapshots_;
  MessageReceiver receiver_;
  Backpressure backpressure_;
  Beat beat_;  // holds a failed one until it commits
  bool has_failed_beat_ = false;
  bool lacks_room_ = false;           // that is why
  std::vector<TakenBatch> injected_;  // dead letters on their way through the pipelines again
  LetterChoice injected_letters_;     // that the beat that takes them retires
  bool was_backpressured_ = false;    // in a beat since the last journal block
  Duration next_usage_check_{};
  Duration next_tidy_{};
  Duration next_flash_sample_{};
  bool was_stretched_ = false;
  bool is_making_room_ = false;      // from the high water mark down to the low one
  std::size_t unchecked_bytes_ = 0;  // committed since the last check
  std::size_t check_after_bytes_ = 0;
  RepeatedError commit_error_;
  RepeatedError wait_log_;
  RepeatedError room_log_;
  const EngineTime base_engine_;
  const Duration base_monotonic_;
  std::uint64_t next_sequence_;
  std::uint64_t next_block_;
  const std::uint64_t boot_id_;

  // Any thread.
  EngineDesk desk_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_blocked_{false};
  std::atomic<std::int64_t> last_turn_{0};

  // Metrics, constant references.
  Counter& commits_;
  Counter& dead_letters_;
};

}  // namespace sluice
