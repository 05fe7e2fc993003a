// OwnPaneStep: windows that own their pane: tumbling ones (also by the calendar), sessions, and the
// global one; window.h says what they do.
//
//   event --key, values--> KeyedState: key -> OpenWindows -> Pane
//                                               ^
//   timers_: time -> keys with a window to look at when the watermark gets there
//
// A window is listed once: under its end until it has fired, then under the time when it closes. A
// session that grows stays where it is listed, and is listed anew when its timer comes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/saturate.h"
#include "pipelines/step.h"
#include "pipelines/windows/counted_keys.h"
#include "pipelines/windows/open_windows.h"
#include "pipelines/windows/session.h"
#include "pipelines/windows/slice_header.h"
#include "pipelines/windows/span.h"
#include "pipelines/windows/timers.h"
#include "pipelines/windows/window_core.h"

namespace sluice {

class OwnPaneStep final : public Step {
 public:
  struct Rules {
    Duration lateness{0};
    bool accumulating = true;
    bool late_by_event = false;
    Duration early{0};                   // zero: no result comes early for its age
    std::uint32_t early_count = 0;       // zero: none comes early for its number of events
    bool has_bounds = true;              // false: results do not tell the window's span
    std::optional<SessionRule> session;  // nothing: a window follows from the event's time alone
    std::uint32_t max_keys = 0;
    std::uint32_t max_windows = 0;
    std::size_t max_memory = 0;
    // Where windows do not end: keys go that were not used for long, and tell first what they have.
    WhenFull when_full = WhenFull::refuse;
    Duration forget_after{0};  // in engine time since the last event; zero: never

    bool has_ages() const { return when_full == WhenFull::evict || forget_after > Duration{0}; }
  };

  // `spans` is nullptr for sessions.
  OwnPaneStep(std::unique_ptr<SpanRule> spans, const Rules& rules, WindowCore core);

  std::vector<std::string> outputs() const override { return {"late"}; }
  bool uses_data() const override { return core_.uses_data(); }
  void process(std::span<Event* const> events, StepOutput& out) override;
  void advance_watermark(Timestamp watermark, StepOutput& out) override;
  void advance_time(EngineTime now, StepOutput& out) override;
  std::optional<EngineTime> next_timer() const override;
  std::optional<Timestamp> next_watermark() const override { return timers_.first(); }

  bool is_stateful() const override { return true; }
  void begin_snapshot() override;
  bool save_slice(std::size_t max_bytes, std::string& out) override;
  Result<void> load_slice(std::string_view slice) override;
  std::size_t memory_bytes() const override;
  std::size_t memory_limit() const override { return window_memory_limit(rules_.max_memory); }

 private:
  using Keys = CountedKeys<OpenWindows>;
  using Slot = Keys::Slot;
  using EndAndSlot = std::pair<Timestamp, Slot>;

  // What a snapshot holds beside the keys.
  struct Header {
    Timestamp watermark = Timestamp::min();
    Timestamp newest = Timestamp::min();   // of all events that were taken
    std::optional<EngineTime> news_since;  // when the oldest news came that may be told early

    void save(std::string& out) const;
    void load(ByteReader& in);
  };

  void take(Event* event, StepOutput& out);
  SessionPlace place_of(Slot slot, Timestamp time);
  std::string_view why_refused(std::string_view key, Slot slot, bool is_new) const;
  OpenWindow& open(Slot slot, const Span& span);
  OpenWindow& grow(Slot slot, const SessionPlace& place);
  void schedule(Slot slot, OpenWindow& window);
  void note_news(Slot slot);
  void list(Slot slot, OpenWindow& window, Timestamp timer);

  Timestamp closes_at(Timestamp end) const { return add_saturated(end, rules_.lateness); }
  bool is_closed(Timestamp end) const { return closes_at(end) <= header_.watermark; }
  void unlist(Timestamp timer);
  void look_at(Slot slot, Timestamp timer, StepOutput& out);
  void look_at(Slot slot, OpenWindow& window, Timestamp timer, StepOutput& out);
  void fire(Slot slot, OpenWindow& window, bool is_early, StepOutput& out);
  void fire_late(StepOutput& out);
  void fire_early(const std::vector<Slot>& slots, std::uint32_t least_news, StepOutput& out);
  void close(Slot slot, OpenWindow* window);
  void erase(Slot slot);
  void forget(EngineTime now, StepOutput& out);
  std::optional<EngineTime> next_to_forget() const;
  void leave(Slot slot, std::string_view why, StepOutput& out);
  std::size_t state_bytes() const;
  void sort(std::vector<EndAndSlot>& due) const;

  // Constant after construction.
  const std::unique_ptr<SpanRule> spans_;
  const Rules rules_;

  // State.
  WindowCore core_;  // panes in keys_ refer to it
  Keys keys_;
  Header header_;

  // Follow from the state.
  KeyAges ages_;                   // when rules_.has_ages()
  Timers timers_;                  // each open window once
  std::vector<EndAndSlot> late_;   // windows behind the watermark with news
  std::vector<Slot> news_;         // keys with news to be told early, by age
  std::vector<Slot> full_;         // and by number; both with repetitions
  std::size_t news_limit_ = 1024;  // with more, the repetitions in news_ go
  std::size_t windows_ = 0;
  std::size_t list_bytes_ = 0;  // of all OpenWindows
  Span latest_span_;            // of the last event: most often also of the next one

  SliceHeader slice_header_;  // of the running snapshot
};

}  // namespace sluice
