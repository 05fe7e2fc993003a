// The engine's loop: when a beat is due, and what happens when the store is full.
#include <algorithm>
#include <utility>

#include "gateway/engine.h"

namespace sluice {
namespace {

constexpr Duration usage_check_interval = std::chrono::milliseconds(200);
// A fast sender must not run from the high mark to the limit between two checks.
constexpr std::uint64_t checks_per_store = 200;
constexpr Duration idle_turn = std::chrono::seconds(1);  // the loop turns at least this often
constexpr Duration retry_commit_after = std::chrono::milliseconds(250);
constexpr Duration acknowledgement_delay =
    std::chrono::seconds(1);  // when nothing else is to be written
constexpr Duration mark_delay = std::chrono::milliseconds(20);
constexpr Duration flash_interval = std::chrono::seconds(1);
constexpr Duration tidy_interval = std::chrono::seconds(2);

}  // namespace

// Some sources are to wait, or to go on.
void Engine::apply_backpressure(std::string_view why) {
  is_blocked_.store(backpressure_.is_any_waiting());
  std::string waiting;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (backpressure_.waits(i))
      waiting += (waiting.empty() ? "" : ", ") + sources_[i].maker->source_name();
    if (sources_[i].source == nullptr) continue;
    if (backpressure_.waits(i)) {
      sources_[i].source->pause();
    } else {
      sources_[i].source->resume();
    }
  }
  // A failing disk comes and goes: what repeats is counted, not logged each time.
  const std::int64_t now = context_.clock.monotonic().count();
  if (waiting.empty()) {
    room_log_.report(now, LogLevel::info, "The store has room again: sources go on", {});
  } else {
    wait_log_.report(now, LogLevel::warning,
                     "Sources wait: what they send cannot be stored before there is room",
                     {{"sources", waiting}, {"reason", why}});
  }
}

Result<void> Engine::housekeep() {
  const Duration time = context_.clock.monotonic();
  if (time >= next_usage_check_ || unchecked_bytes_ >= check_after_bytes_) {
    const StoreUsage usage = context_.store.usage();
    next_usage_check_ = time + usage_check_interval;
    unchecked_bytes_ = 0;
    check_after_bytes_ = static_cast<std::size_t>(usage.max_bytes / checks_per_store);
    const double share =
        static_cast<double>(usage.used_bytes) / static_cast<double>(usage.max_bytes);
    const auto mark = [&](double mark_share) {
      return static_cast<std::uint64_t>(mark_share * static_cast<double>(usage.max_bytes));
    };
    if (share >= config_.marks.high && !std::exchange(is_making_room_, true)) retention_.rewind();
    if (share <= config_.marks.low) is_making_room_ = false;
    if (is_making_room_) snapshots_.want_room();
    lanes_.want_room(is_making_room_ ? usage.used_bytes - mark(config_.marks.low) : 0);
    const bool may_change = !has_failed_beat_ || share > config_.marks.low;
    if (may_change && backpressure_.update(share, lanes_.head()))
      apply_backpressure("storage.max_size is nearly reached");
  }
  if (time >= next_tidy_) {
    next_tidy_ = time + tidy_interval;
    context_.store.tidy();
  }
  if (!has_failed_beat_) return {};
  // The kept beat waits for space: acknowledgements and trims go first, in a batch of their own.
  // What is freed there says nothing of the beat, which holds it as well: to do it twice is
  // harmless.
  WriteBatch taken;
  const BlockHeader header = make_header();
  TRY(lanes_.take_acknowledgements(taken, header, snapshots_.keep_journal_from()));
  if (lacks_room_) TRY(snapshots_.erase_old(taken));
  // Policies look at the store as it is: not before it holds what they did last.
  if (lacks_room_ && beat_.acknowledged.empty()) {
    lanes_.want_room(beat_.batch.bytes());
    TRY(lanes_.give_up(taken, header));
    lanes_.want_room(0);
  }
  beat_.batch.append(taken);
  beat_.acknowledged.append(taken);
  if (lanes_.is_head_dirty()) put_head(beat_);  // the one that the beat holds is older
  if (beat_.acknowledged.empty()) return {};
  WriteBatch alone = beat_.acknowledged;
  lanes_.put_committed_head(alone);
  TRY(context_.store.commit(alone));
  beat_.acknowledged.clear();
  lanes_.publish_marks();
  return {};
}

// More pours in: what it brings in the next milliseconds shares this commit. When nothing comes the
// senders wait for us.
void Engine::gather() {
  const Duration until = context_.clock.monotonic() + Pace::gather_limit;
  auto before = context_.intake.wait(0, 0, Duration{0});
  while (context_.clock.monotonic() < until) {
    const auto waiting =
        context_.intake.wait(~std::size_t{0}, Pace::most_bytes, Pace::gather_quiet);
    if (waiting.messages == before.messages || waiting.bytes >= Pace::most_bytes) return;
    before = waiting;
  }
}

// Until the time is over or enough has come. Where a good part of that waits and nothing more
// comes, the senders wait for us: their windows are full.
void Engine::linger(Duration time) {
  const PaceConfig& config = pace_.config();
  if (pace_.is_stretched()) {
    context_.intake.wait(~std::size_t{0}, Pace::most_bytes, time);
    return;
  }
  const Duration until = context_.clock.monotonic() + time;
  auto waiting = context_.intake.wait(pace_.worth_a_commit(), config.commit_bytes, time);
  while (waiting.messages >= pace_.worth_a_commit() &&
         !pace_.is_full(waiting.messages, waiting.bytes) && context_.clock.monotonic() < until) {
    const std::size_t before = waiting.messages;
    waiting = context_.intake.wait(config.commit_events, config.commit_bytes, Pace::linger_quiet);
    if (waiting.messages == before) return;
  }
  if (pace_.is_full(waiting.messages, waiting.bytes)) gather();
}

void Engine::watch_flash(Duration time) {
  if (time < next_flash_sample_) return;
  next_flash_sample_ = time + flash_interval;
  flash_.sample(time, commits_.value());
  const Duration stretched = flash_.stretched_interval();
  pace_.stretch(stretched);
  if ((stretched > Duration{0}) == was_stretched_) return;
  was_stretched_ = stretched > Duration{0};
  if (was_stretched_) {
    log_warning(
        "The flash budget is used up: commits go further apart, devices wait longer for their "
        "acknowledgement",
        {{"interval", format_duration(stretched)}});
  } else {
    log_info("The flash budget allows the usual pace again", {});
  }
}

void Engine::run() {
  Duration acknowledged_at{};  // when the oldest unwritten acknowledgement was seen
  while (!is_stopping_.load()) {
    Duration time = context_.clock.monotonic();
    last_turn_.store(time.count(), std::memory_order_relaxed);
    desk_.serve(*graph_);
    watch_flash(time);
    if (auto kept = housekeep(); !kept) {
      commit_error_.report(time.count(), LogLevel::error, "The store cannot be written",
                           {{"reason", kept.error().message}});
    }
    if (!has_failed_beat_) {
      const auto waiting = context_.intake.wait(
          1, 1, backpressure_.are_all_waiting() ? usage_check_interval : Duration{0});
      Duration linger = idle_turn;
      if (waiting.messages > 0 && !backpressure_.are_all_waiting())
        linger = pace_.linger(waiting.messages, waiting.bytes, time);
      // A full store gets room from the end of a snapshot, too: the one before it goes.
      const bool has_acknowledgements = context_.border.has_acknowledgements() ||
                                        lanes_.has_pending_trim() ||
                                        (backpressure_.is_any_waiting() && snapshots_.has_work());
      if (has_acknowledgements && acknowledged_at == Duration{}) acknowledged_at = time;
      // A shipper that waits for its mark gets it soon.
      if (has_acknowledgements && lanes_.is_at_mark()) linger = std::min(linger, mark_delay);
      if (has_acknowledgements) {
        linger =
            std::min(linger, std::max(Duration{0}, acknowledged_at + acknowledgement_delay - time));
      }
      if (const auto timer = graph_->next_timer())
        linger = std::min(linger, std::max(Duration{0}, *timer - now()));
      if (linger > Duration{0}) {
        if (desk_.is_asked()) continue;
        const bool is_lingering = waiting.messages > 0 && !backpressure_.are_all_waiting();
        if (is_lingering) {
          this->linger(linger);
        } else {
          context_.intake.wait(backpressure_.are_all_waiting() ? ~std::size_t{0} : 1,
                               ~std::size_t{0}, linger);
        }
        if (!is_lingering || desk_.is_asked()) continue;  // look again at what woke us
        if (is_stopping_.load()) break;
      } else if (pace_.is_full(waiting.messages, waiting.bytes)) {
        gather();
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
