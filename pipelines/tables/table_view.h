// TableView: the rows of a step that can be asked for them (view), a page at a time.
//
//   first page --next--> ... --> last page     while events go on between the pages
//
// A row that is there all the time is in exactly one page; one that comes, goes or changes
// meanwhile is as it was when its page was read, or missing. Engine thread only; a page is the
// caller's, and may go to any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace sluice {

struct ViewRow {
  std::string key;      // its identity (value_identity.h); empty: the one key of all events
  Timestamp time{};     // of the event that the row is from
  std::string columns;  // an encoded Value: a map, or whatever the event's data was
};

struct ViewPage {
  std::vector<ViewRow> rows;          // in no order
  std::optional<std::uint32_t> next;  // where the next page begins; nothing: this is the last
};

class TableView {
 public:
  virtual ~TableView() = default;
  virtual const std::string& view_name() const = 0;
  virtual std::size_t row_count() const = 0;
  // Looks at up to `max_slots` places from `from` on (0: the first page), and ends after a row with
  // which the page has more than `max_bytes`.
  virtual ViewPage read_page(std::uint32_t from, std::size_t max_slots,
                             std::size_t max_bytes) const = 0;
  virtual std::optional<ViewRow> read_row(std::string_view key) const = 0;
};

}  // namespace sluice
