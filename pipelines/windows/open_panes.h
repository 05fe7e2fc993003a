// OpenPanes: the windows of one key that are not closed yet. The Entry of a window step's
// KeyedState.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "pipelines/windows/emit.h"
#include "pipelines/windows/span.h"

namespace sluice {

struct OpenPane {
  Span span;
  std::uint32_t revision = 0;  // of the next result
  bool is_due = false;         // it holds something that no result has told
  Pane pane;
};

class OpenPanes {
 public:
  // nullptr: none of this end is open.
  OpenPane* find(Timestamp end);
  // Opens one; there must be none of its end.
  OpenPane& open(Span span, Pane pane);
  // Closes the one of this end and gives it back; there must be one.
  OpenPane close(Timestamp end);

  bool empty() const { return panes_.empty(); }
  const std::vector<OpenPane>& all() const { return panes_; }

  void save(std::string& out) const;
  // Reads what save() wrote; fails the reader when that makes no sense.
  void load(ByteReader& in, const Emit& emit);
  // Of the list alone, and with what the panes hold.
  std::size_t list_bytes() const { return panes_.capacity() * sizeof(OpenPane); }
  std::size_t heap_bytes() const;

 private:
  std::vector<OpenPane>::iterator first_not_before(Timestamp end);

  std::vector<OpenPane> panes_;  // sorted by end; most often one
};

}  // namespace sluice
