// LmdbFile: reads LMDB's file format without LMDB, from bytes that may be wrong anywhere.
//
//   [ meta 0 | meta 1 | page 2 | page 3 ... ]     branch pages -> leaf pages -> overflow pages
//
// LMDB trusts its file: on a flipped bit it may end the process or walk astray. So the structure is
// checked before LMDB sees it, and records are salvaged from a file that it must not see.
// The format is that of LMDB 0.9 (mdb.c: MDB_page, MDB_node, MDB_meta), in the machine's own word
// size and byte order. Reads by pread: a bad sector is an error, not a signal.
//
// The file must not be written meanwhile, but for a tree that a read transaction holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sluice {

class LmdbFile {
 public:
  //   corrupt  not a file of LMDB: neither meta page can be read
  //   try_later  the file cannot be opened
  static Result<LmdbFile> open(const std::filesystem::path& file);
  // The same, also where no meta page can be read: only scan_pages() finds anything then.
  static Result<LmdbFile> open_damaged(const std::filesystem::path& file);
  ~LmdbFile();
  LmdbFile(LmdbFile&& other) noexcept;
  LmdbFile(const LmdbFile&) = delete;
  LmdbFile& operator=(const LmdbFile&) = delete;
  LmdbFile& operator=(LmdbFile&&) = delete;

  std::uint64_t page_count() const { return page_count_; }

  // Calls with pages looked at; of a long walk, for a progress bar.
  using Progress = std::function<void(std::uint64_t pages)>;

  // The first fault in the structure of the newest tree, for a person; nothing: it is sound, as far
  // as `max_pages` pages tell. A key that is none of ours (keys.h) is a fault. With `transaction`
  // of that tree instead (a reader holds it).
  std::optional<std::string> find_fault(std::uint64_t max_pages,
                                        std::optional<std::uint64_t> transaction = std::nullopt,
                                        const Progress& progress = {}) const;

  // Calls `visit` for each pair that can be reached in the trees, the newer tree first; broken
  // branches are passed over. The views live during the call.
  using Visit = std::function<void(std::string_view key, std::string_view value)>;
  // Of which keys the values are read at all; empty: of all.
  using Wants = std::function<bool(std::string_view key)>;
  void visit_trees(const Visit& visit, const Wants& wants = {}) const;

  // Calls `visit` for whatever looks like a pair on any page of the file, also those that LMDB has
  // given up: the caller tells by its own checksums what is one.
  void scan_pages(const Visit& visit, const Progress& progress = {}, const Wants& wants = {}) const;

 private:
  struct Tree {
    std::uint16_t flags = 0;
    std::uint16_t depth = 0;
    std::uint64_t entries = 0;
    std::uint64_t root = 0;
  };
  struct Meta {
    std::uint64_t last_page = 0;
    std::uint64_t transaction = 0;
    Tree free_list;
    Tree main;
  };
  struct Page;
  class Walk;

  LmdbFile(int fd, std::uint64_t bytes) : fd_(fd), bytes_(bytes) {}

  static Result<LmdbFile> open_bytes(const std::filesystem::path& file);
  void read_metas();
  std::optional<std::string> check_metas() const;
  const Meta* newest() const;
  bool read(std::uint64_t page, std::uint64_t count, std::string& out) const;
  std::optional<std::string> read_value(const Page& page, std::size_t node) const;
  void visit_tree(std::uint64_t root, int depth, std::vector<bool>& seen, const Visit& visit,
                  const Wants& wants) const;

  int fd_;
  std::uint64_t bytes_;
  std::uint64_t page_bytes_ = 4096;
  std::uint64_t page_count_ = 0;
  std::optional<Meta> metas_[2];
};

}  // namespace sluice
