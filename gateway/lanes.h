// Lanes: the engine's side of the outboxes. Appends a beat's outputs, takes in what upstream has
// acknowledged, trims behind it, and gives up what the sinks' policies say, all within the beat's
// one transaction. Engine thread only.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "core/result.h"
#include "gateway/handed_out_mark.h"
#include "gateway/journal_retention.h"
#include "gateway/outbox_border.h"
#include "gateway/recent_tail.h"
#include "gateway/retention.h"
#include "pipelines/graph.h"
#include "storage/block.h"
#include "storage/dead_letters.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/store.h"

namespace sluice {

class Lanes {
 public:
  Lanes(Store& store, FrameCodec& codec, OutboxBorder& border, Metrics& metrics,
        std::string store_id, Head head, const std::vector<GraphTarget>& targets,
        Retention& retention, Duration journal_retain);

  // Finds the tails that trims spare. `bounds` hold for the journal and for each lane. Once, before
  // the first beat.
  Result<void> find_tails(TailBounds bounds);

  // Appends one target's events. `is_journaled[source]` says which unchanged events are in this
  // beat's journal block and may be referred to.
  void append(WriteBatch& batch, std::size_t target, std::vector<Event*>& events,
              const std::vector<bool>& is_journaled, const BlockHeader& header);

  // A journal block of `bytes` was added.
  void added_block(std::uint64_t block, std::size_t bytes, EngineTime now);

  // Takes in acknowledgements and adds them, the dead letters of rejected events, and bounded trims
  // to the batch. `keep_journal_from`: blocks at or above it are needed by the snapshot.
  Result<void> take_acknowledgements(WriteBatch& batch, const BlockHeader& header,
                                     std::uint64_t keep_journal_from);
  // Gives up what policies say: for room, while some is wanted, and for age. In a batch that holds
  // nothing of the kind yet.
  Result<void> give_up(WriteBatch& batch, const BlockHeader& header);
  // So much should become free, by policies that give up events; 0: there is room.
  void want_room(std::uint64_t bytes) { room_wanted_ = bytes; }

  // Adds dead letters; they have a bound of their own.
  void add_dead_letters(WriteBatch& batch, std::span<const DeadLetter> letters,
                        const BlockHeader& header);

  // True when the store should be written to although nothing arrived.
  bool has_pending_trim() const { return has_trim_left_ || is_giving_up_; }
  // A shipper may send no more before the next commit.
  bool is_at_mark() const;

  // The batch is durable: shippers may see it.
  void publish();
  // The head of put_committed_head() is durable: shippers may go on to its marks.
  void publish_marks();
  // Tells shippers all positions, once, before the first beat.
  void publish_all();

  // What is known of this boot's clock, for events that it stamped before it was right.
  void note_clock(const BootClock& clock);

  // Adds the head record. Call in a batch that changed it.
  void put_head(WriteBatch& batch);
  // Adds the positions as they are without what was appended since the last publish().
  void put_committed_head(WriteBatch& batch) const;
  bool is_head_dirty() const { return is_head_dirty_; }

  // Takes positions that were committed as a person asked; shippers see them at once.
  void adopt(Head head);
  // The head was changed for the batch that is being made.
  void touch_head() { is_head_dirty_ = true; }

  Head& head() { return head_; }
  Head head_copy() const;

 private:
  const std::string& sink_of(LaneId lane) const;
  bool is_lossy(LaneId lane) const;
  void prepare_policies();
  Result<void> raise_marks();
  Result<void> trim(WriteBatch& batch, const BlockHeader& header, std::uint64_t keep_journal_from);
  Result<void> find_letters(EngineTime now);
  Result<void> trim_letters(WriteBatch& batch, const BlockHeader& header);
  std::vector<LaneId> lossy_lanes() const;
  void apply(LaneId lane, const Retention::Given& given);
  std::uint64_t readable_end(LaneId lane) const;
  void append_records(WriteBatch& batch, LaneId lane, const std::vector<Event*>& events,
                      bool is_reference, const BlockHeader& header);
  Result<void> reject(WriteBatch& batch, const Acknowledgement& rejected,
                      const BlockHeader& header);
  Result<std::uint64_t> oldest_reference() const;

  Store& store_;
  FrameCodec& codec_;
  OutboxBorder& border_;
  const std::string store_id_;
  std::vector<LaneId> lanes_;      // by target
  mutable std::mutex head_mutex_;  // head_ is changed by the engine thread only; others copy it
  Head head_;
  bool is_head_dirty_ = false;
  std::size_t stored_sinks_ = 0;  // of which the second copy of the numbers is in the store
  bool has_trim_left_ = false;
  Retention& retention_;
  JournalRetention journal_retention_;
  const bool is_journal_kept_;  // for replay
  std::uint64_t trimmed_for_snapshot_ = 0;
  EngineTime trimmed_at_{};
  std::uint64_t room_wanted_ = 0;
  bool is_giving_up_ = false;  // a policy has more to do
  EngineTime looked_for_age_{};
  std::map<LaneId, HandedOutMark> marks_;  // of the lossy lanes
  std::map<LaneId, std::uint64_t> durable_marks_;
  std::map<LaneId, std::uint64_t> committed_next_;
  bool is_head_put_ = false;  // in the batch that is being made
  std::optional<RecentTail> letter_tail_;
  std::map<LaneId, std::optional<RecentTail>> lane_tails_;
  std::optional<RecentTail> journal_tail_;
  std::vector<LaneId> changed_;
  std::vector<const Event*> scratch_;
  Counter& damaged_;
  Counter& dropped_letters_;
  std::map<std::uint16_t, Counter*> delivered_;
  std::map<std::uint16_t, Counter*> rejected_;
};

}  // namespace sluice
