// The engine's loop: when a beat is due, and what happens when the store is full.
#include <algorithm>

#include "gateway/engine.h"

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

}  // namespace

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
  beat_.batch.append(taken);
  beat_.acknowledged.append(taken);
  if (lanes_.is_head_dirty()) put_head(beat_);  // the one that the beat holds is older
  if (beat_.acknowledged.empty()) return {};
  WriteBatch alone = beat_.acknowledged;
  lanes_.put_committed_head(alone);
  TRY(context_.store.commit(alone));
  beat_.acknowledged.clear();
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

}  // namespace sluice
