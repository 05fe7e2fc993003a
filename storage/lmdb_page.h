// LmdbPage: the fields of one page of an LMDB file (mdb.c: MDB_page, MDB_node). Reads stay within
// the page whatever the page says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

using LmdbWord = std::size_t;  // page numbers, sizes: a file belongs to one word size

constexpr std::size_t lmdb_header_bytes = sizeof(LmdbWord) + 8;
constexpr std::size_t lmdb_node_bytes = 8;
constexpr std::uint16_t lmdb_branch_page = 0x01;
constexpr std::uint16_t lmdb_leaf_page = 0x02;
constexpr std::uint16_t lmdb_overflow_page = 0x04;
constexpr std::uint16_t lmdb_meta_page = 0x08;
constexpr std::uint16_t lmdb_big_data = 0x01;  // the node's value lies on overflow pages

constexpr std::uint64_t lmdb_overflow_pages(std::uint64_t bytes, std::uint64_t page_bytes) {
  return (lmdb_header_bytes - 1 + bytes) / page_bytes + 1;
}

class LmdbPage {
 public:
  // `bytes` is lent: a page, or the pages of one large value.
  explicit LmdbPage(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T at(std::size_t offset) const {
    T value{};
    if (offset + sizeof value <= bytes_.size())
      std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }

  std::uint64_t number() const { return at<LmdbWord>(0); }
  std::uint16_t flags() const { return at<std::uint16_t>(sizeof(LmdbWord) + 2); }
  std::uint16_t lower() const { return at<std::uint16_t>(sizeof(LmdbWord) + 4); }
  std::uint16_t upper() const { return at<std::uint16_t>(sizeof(LmdbWord) + 6); }
  std::uint32_t overflow_count() const { return at<std::uint32_t>(sizeof(LmdbWord) + 4); }

  // 0 when the bounds cannot be true.
  std::size_t node_count() const {
    const bool is_possible =
        lower() >= lmdb_header_bytes && lower() <= upper() && upper() <= bytes_.size();
    return is_possible ? (lower() - lmdb_header_bytes) / 2 : 0;
  }

  // The node lies within the page.
  bool is_node(std::size_t i) const {
    const std::size_t offset = node(i);
    return offset >= lmdb_header_bytes && offset + lmdb_node_bytes <= bytes_.size() &&
           offset + node_size(i) <= bytes_.size();
  }
  std::uint16_t node_flags(std::size_t i) const { return at<std::uint16_t>(node(i) + 4); }
  std::string_view key(std::size_t i) const { return cut(node(i) + lmdb_node_bytes, key_bytes(i)); }
  std::uint64_t data_bytes(std::size_t i) const {
    return at<std::uint16_t>(node(i)) | std::uint64_t{at<std::uint16_t>(node(i) + 2)} << 16;
  }
  std::string_view inline_value(std::size_t i) const {
    return cut(node(i) + lmdb_node_bytes + key_bytes(i), static_cast<std::size_t>(data_bytes(i)));
  }
  // Of a node with lmdb_big_data: the first of its pages.
  std::uint64_t overflow(std::size_t i) const {
    return at<LmdbWord>(node(i) + lmdb_node_bytes + key_bytes(i));
  }
  // Of a branch's node: the page below.
  std::uint64_t child(std::size_t i) const {
    std::uint64_t page = data_bytes(i);
    if constexpr (sizeof(LmdbWord) > 4) page |= std::uint64_t{node_flags(i)} << 32;
    return page;
  }

  // All nodes are within the page, side by side, from `upper` to the page's end.
  bool is_packed() const {
    if (lower() < lmdb_header_bytes || lower() % 2 != 0 || lower() > upper() ||
        upper() > bytes_.size())
      return false;
    std::vector<std::pair<std::size_t, std::size_t>> nodes;
    for (std::size_t i = 0; i < node_count(); ++i) {
      if (!is_node(i)) return false;
      nodes.emplace_back(node(i), (node_size(i) + 1) & ~std::size_t{1});
    }
    std::ranges::sort(nodes);
    std::size_t at = upper();
    for (const auto& [offset, size] : nodes) {
      if (offset != at) return false;
      at += size;
    }
    return at == bytes_.size();
  }

 private:
  std::size_t node(std::size_t i) const { return at<std::uint16_t>(lmdb_header_bytes + 2 * i); }
  std::size_t key_bytes(std::size_t i) const { return at<std::uint16_t>(node(i) + 6); }
  std::size_t node_size(std::size_t i) const {
    std::size_t data = 0;
    if (flags() != lmdb_branch_page) {
      data = node_flags(i) == lmdb_big_data ? sizeof(LmdbWord)
                                            : static_cast<std::size_t>(data_bytes(i));
    }
    return lmdb_node_bytes + key_bytes(i) + data;
  }
  std::string_view cut(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return {};
    return bytes_.substr(offset, size);
  }

  const std::string_view bytes_;
};

}  // namespace sluice
