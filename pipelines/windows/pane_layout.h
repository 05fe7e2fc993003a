// PaneLayout: how windows that overlap are cut into the panes that they share, so that an event
// goes into one pane however many windows it is in.
#pragma once

#include "pipelines/windows/shared_panes.h"
#include "pipelines/windows/span.h"

namespace sluice {

class PaneLayout {
 public:
  virtual ~PaneLayout() = default;

  // The pane that holds this time.
  virtual Span pane_of(Timestamp time) const = 0;
  // The ends of the first and the last window that may hold this pane. The first is behind the last
  // when there is no such window.
  virtual Timestamp first_end(const Span& pane) const = 0;
  virtual Timestamp last_end(const Span& pane) const = 0;
  // The window of this end; it is a whole number of panes.
  virtual Span window(Timestamp end) const = 0;
  // Where the windows' panes are merged from on both sides (see PaneMerger): a start of a pane, in
  // this window. Windows that follow each other have the same one as long as it lies in them.
  virtual Timestamp border(const Span& window) const = 0;
  // How many windows of a key may wait at a time for late events, with one more for each of its
  // panes.
  struct Told {
    std::size_t of_key = 0;
    std::size_t of_pane = 0;
  };
  virtual Told most_told(Duration lateness) const = 0;
  // How a result tells it.
  virtual Span shown(Timestamp end) const { return window(end); }
  // The end of the first window that ends behind this time and holds one of the panes;
  // SharedPanes::none: there is none.
  virtual Timestamp next_end(const SharedPanes& panes, Timestamp behind) const = 0;
};

// Hopping windows of `size`, one of which starts at each multiple of `every`, moved by `offset`.
//
//   windows (size 7, every 5):   [0------)           [10------)
//                                     [5------)           [15------)
//   panes:                       |    | |  | |  |         cuts at each start and each end: as few
//                                0    5 7 10 12 15        panes as can be
//
// At most two panes a hop (Krishnamurthy, Wu, Franklin, "On-the-fly sharing for streamed
// aggregation", 2006: paired windows). With `every` longer than `size` there are times between the
// windows.
class HoppingLayout final : public PaneLayout {
 public:
  HoppingLayout(Duration size, Duration every, Duration offset)
      : size_(size), every_(every), offset_(offset) {}

  Span pane_of(Timestamp time) const override;
  Timestamp first_end(const Span& pane) const override;
  Timestamp last_end(const Span& pane) const override;
  Span window(Timestamp end) const override;
  Timestamp border(const Span& window) const override;
  Told most_told(Duration lateness) const override;
  Timestamp next_end(const SharedPanes& panes, Timestamp behind) const override;

 private:
  Timestamp end_behind(Timestamp time) const;

  const Duration size_;
  const Duration every_;
  const Duration offset_;
};

// Sliding windows: one for each time at which a key has an event, of the `size` up to and with that
// time. A pane is one such time: [time, time + 1 ns). A result tells [time - size, time], with both
// bounds in the window.
class SlidingLayout final : public PaneLayout {
 public:
  explicit SlidingLayout(Duration size) : size_(size) {}

  Span pane_of(Timestamp time) const override;
  Timestamp first_end(const Span& pane) const override { return pane.end; }
  Timestamp last_end(const Span& pane) const override;
  Span window(Timestamp end) const override;
  Timestamp border(const Span& window) const override;
  Told most_told(Duration lateness) const override;
  Span shown(Timestamp end) const override;
  Timestamp next_end(const SharedPanes& panes, Timestamp behind) const override;

 private:
  const Duration size_;
};

}  // namespace sluice
