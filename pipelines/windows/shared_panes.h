// SharedPanes: what a hopping window remembers of one key. The Entry of SharedPaneStep's
// KeyedState.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "pipelines/windows/span.h"
#include "pipelines/windows/window_core.h"

namespace sluice {

struct SharedPane {
  Span span;
  Pane pane;
};

// A window that has fired, or is behind the watermark, and may fire again.
struct ToldWindow {
  Timestamp end{};
  std::uint32_t revision = 0;  // of the next result
  bool has_news = false;
  std::optional<Pane> news;  // of a discarding window: what came since the last result
};

class SharedPanes {
 public:
  // The list of panes has room for at most so many times those that are there.
  static constexpr std::size_t max_slack = 3;

  // No window: later than all.
  static constexpr Timestamp none = Timestamp::max();

  // nullptr: no event fell into this pane.
  Pane* find(const Span& span);
  Pane& open(Span span, Pane pane);
  // Those in [span.start, span.end), in order.
  std::span<const SharedPane> in(const Span& span) const;
  const SharedPane* first_from(Timestamp start) const;
  std::span<const SharedPane> all() const { return std::span(panes_).subspan(gone_); }
  // Closes the first `count`.
  void close_front(std::size_t count, WindowCore& core);

  // The told window of this end, made if it is not there.
  ToldWindow& told(Timestamp end);
  std::vector<ToldWindow>& told() { return told_; }
  // nullptr: there is none.
  ToldWindow* find_told(Timestamp end);

  bool empty() const { return panes_.size() == gone_; }

  void save(std::string& out) const;
  // Reads what save() wrote; fails the reader when that makes no sense.
  void load(ByteReader& in, WindowCore& core);
  // Of the lists alone, and with what the panes hold.
  std::size_t list_bytes() const {
    return panes_.capacity() * sizeof(SharedPane) + told_.capacity() * sizeof(ToldWindow);
  }
  std::size_t heap_bytes() const;

  // The end of the window that fires next, which holds at least one pane. Not saved: it follows
  // from the panes and the watermark.
  Timestamp next_end = none;

 private:
  std::vector<SharedPane>::const_iterator lower_bound(Timestamp start) const;
  void move_to_front();

  std::vector<SharedPane> panes_;  // sorted by time
  std::size_t gone_ = 0;           // so many in front are closed: not all move when one is
  std::vector<ToldWindow> told_;   // sorted by end; none without a lateness
};

}  // namespace sluice
