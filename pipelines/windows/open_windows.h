// OpenWindows: the windows of one key that are not closed yet, where each window has a pane of its
// own. The Entry of OwnPaneStep's KeyedState.
//
//   windows:  [ 0 ) [ 1     )      [ 2 )         never overlap; sorted
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "pipelines/windows/key_ages.h"
#include "pipelines/windows/span.h"
#include "pipelines/windows/window_core.h"

namespace sluice {

struct OpenWindow {
  static constexpr Timestamp unlisted = Timestamp::max();

  Span span;
  Timestamp timer = unlisted;  // under which the step has it listed
  std::uint32_t revision = 0;  // of the next result
  std::uint32_t news = 0;      // events that no result has told; stops at its maximum
  Pane pane;

  void add_news(std::uint32_t more) { news = news > UINT32_MAX - more ? UINT32_MAX : news + more; }
};

class OpenWindows {
 public:
  // The list has room for at most so many times the windows that are there.
  static constexpr std::size_t max_slack = 2;

  // The one of this end; nullptr: none.
  OpenWindow* find(Timestamp end);
  // The one that is listed under this timer, which was its end or `lateness` after its end when it
  // was listed; it may have grown since. nullptr: none.
  OpenWindow* find_listed(Timestamp timer, Duration lateness);
  bool has_listed(Timestamp timer) const;
  // The last that starts at or before `time`, the first that starts after it; nullptr: none.
  OpenWindow* last_from(Timestamp time);
  OpenWindow* first_after(Timestamp time);

  // Opens one; there must be none that it overlaps.
  OpenWindow& open(Span span, Pane pane);
  // Takes this one out and gives it back. Others may move.
  OpenWindow take(OpenWindow* window);

  bool empty() const { return windows_.empty(); }
  std::span<OpenWindow> all() { return windows_; }

  void save(std::string& out) const;
  // Reads what save() wrote; fails the reader when that makes no sense.
  void load(ByteReader& in, WindowCore& core);
  // Of the list alone, and with what the panes hold.
  std::size_t list_bytes() const { return windows_.capacity() * sizeof(OpenWindow); }
  std::size_t heap_bytes() const;

  KeyUse use;  // of the key, where the step goes by it

 private:
  std::vector<OpenWindow>::iterator first_not_before(Timestamp end);

  std::vector<OpenWindow> windows_;  // sorted; most often one
};

}  // namespace sluice
