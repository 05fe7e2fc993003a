// CanonicalList: values as bytes that are the same for equal values, to be sorted and compared.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// The canonical bytes of several values, and where those of each lie.
class CanonicalList {
 public:
  struct Item {
    std::string_view bytes;
    std::size_t index;  // of the value, as they were added
    auto operator<=>(const Item&) const = default;
  };

  std::string& bytes() { return bytes_; }
  void end_item() { ends_.push_back(bytes_.size()); }

  std::vector<Item> sorted() const {
    std::vector<Item> items;
    items.reserve(ends_.size());
    std::size_t start = 0;
    for (const std::size_t end : ends_) {
      items.push_back({std::string_view(bytes_).substr(start, end - start), items.size()});
      start = end;
    }
    std::ranges::sort(items);
    return items;
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace sluice
