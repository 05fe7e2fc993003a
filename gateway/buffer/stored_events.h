// StoredEvents: the events that a store holds, for people and tools: what waits for a sink, or what
// the journal keeps, chosen by time and by an expression.
//
// Reads in short transactions, beside a running gateway. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "gateway/assembly.h"
#include "pipelines/expression/expression.h"
#include "storage/block.h"
#include "storage/outbox.h"
#include "storage/store.h"

namespace sluice {

struct Selection {
  std::string sink;  // empty: the journal
  std::optional<Timestamp> since;
  std::optional<Timestamp> until;  // of the events' receipt
  std::optional<Expression> filter;
  std::uint64_t limit = ~0ULL;
};

// An event on its way past the visitor; texts live during the call. A gap is an event of its own.
struct StoredEvent {
  const Event& event;
  const BlockHeader& header;
  std::string_view sink;  // that it waits for; empty: from the journal
};

class StoredEvents {
 public:
  // `data` of events is read as the stored configuration's decoders do.
  static Result<StoredEvents> open(const Store& store);

  // Oldest first, a sink's urgent lane first. Stops when `visit` says false.
  //   bad_input  there is no such sink
  using Visit = std::function<bool(const StoredEvent&)>;
  Result<void> visit(const Selection& selection, const Visit& visit);
  // From the first event again; visit() goes on where it was, with what has come since.
  void rewind();

  std::uint64_t damaged() const { return damaged_; }
  const Head& head() const { return head_; }
  const std::string& store_id() const { return store_id_; }

 private:
  explicit StoredEvents(const Store& store) : store_(&store) {}

  Result<void> refresh();
  Result<bool> visit_lane(LaneId lane, const Selection& selection, const Visit& visit);
  Result<bool> visit_journal(const Selection& selection, const Visit& visit);
  bool offer(Event event, const BlockHeader& header, const Selection& selection,
             const Visit& visit);
  void read_data(Event& event, Arena& arena) const;

  const Store* store_;
  FrameCodec codec_;
  std::string store_id_;
  Head head_;
  std::optional<Assembly> assembly_;
  std::map<LaneId, std::uint64_t> lane_at_;
  std::uint64_t journal_at_ = 0;
  std::uint64_t given_ = 0;  // by the visit that goes on
  std::uint64_t damaged_ = 0;
};

}  // namespace sluice
