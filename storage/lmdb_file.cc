#include "storage/lmdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "storage/keys.h"
#include "storage/lmdb_page.h"

namespace sluice {
namespace {

constexpr std::uint32_t magic = 0xBEEFC0DE;
constexpr std::uint32_t data_version = 1;
constexpr std::uint64_t no_page = static_cast<LmdbWord>(~LmdbWord{0});
// MDB_INTEGERKEY: how the free list is sorted; MDB_NOSUBDIR: how the file was opened.
constexpr std::uint16_t file_flags = 0x4008;
constexpr int max_depth = 32;  // LMDB's cursor stack
constexpr std::uint64_t max_missing_pages = 1ULL << 20;
constexpr std::uint64_t progress_every = 1'024;

// Offsets in a meta page (MDB_meta behind the page header).
constexpr std::size_t meta_magic = lmdb_header_bytes;
constexpr std::size_t meta_version = meta_magic + 4;
constexpr std::size_t meta_trees = meta_version + 4 + 2 * sizeof(LmdbWord);
constexpr std::size_t tree_bytes = 8 + 5 * sizeof(LmdbWord);
constexpr std::size_t meta_last_page = meta_trees + 2 * tree_bytes;
constexpr std::size_t meta_transaction = meta_last_page + sizeof(LmdbWord);
constexpr std::size_t meta_end = meta_transaction + sizeof(LmdbWord);

}  // namespace

struct LmdbFile::Page : LmdbPage {
  using LmdbPage::LmdbPage;
};

Result<LmdbFile> LmdbFile::open_bytes(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || fstat(fd, &info) != 0) {
    const Error error{ErrorKind::try_later,
                      "cannot read " + file.string() + ": " + std::strerror(errno)};
    if (fd >= 0) ::close(fd);
    return error;
  }
  LmdbFile opened(fd, static_cast<std::uint64_t>(info.st_size));
  opened.read_metas();
  return opened;
}

Result<LmdbFile> LmdbFile::open(const std::filesystem::path& file) {
  LmdbFile opened = TRY(open_bytes(file));
  if (opened.newest() == nullptr)
    return Error{ErrorKind::corrupt, file.string() + " is not a store: its header cannot be read"};
  return opened;
}

Result<LmdbFile> LmdbFile::open_damaged(const std::filesystem::path& file) {
  return open_bytes(file);
}

LmdbFile::~LmdbFile() {
  if (fd_ >= 0) ::close(fd_);
}

LmdbFile::LmdbFile(LmdbFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      bytes_(other.bytes_),
      page_bytes_(other.page_bytes_),
      page_count_(other.page_count_),
      metas_{other.metas_[0], other.metas_[1]} {}

bool LmdbFile::read(std::uint64_t page, std::uint64_t count, std::string& out) const {
  if (page >= page_count_ || count > page_count_ - page) return false;
  out.resize(static_cast<std::size_t>(count * page_bytes_));
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = pread(fd_, out.data() + done, out.size() - done,
                              static_cast<off_t>(page * page_bytes_ + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

void LmdbFile::read_metas() {
  page_count_ = bytes_ / page_bytes_;
  for (std::size_t i = 0; i < 2; ++i) {
    std::string bytes;
    if (!read(i, 1, bytes)) continue;
    const LmdbPage page(bytes);
    const auto tree = [&](std::size_t number) {
      const std::size_t at = meta_trees + number * tree_bytes;
      Tree read_tree;
      read_tree.flags = page.at<std::uint16_t>(at + 4);
      read_tree.depth = page.at<std::uint16_t>(at + 6);
      read_tree.entries = page.at<LmdbWord>(at + 8 + 3 * sizeof(LmdbWord));
      read_tree.root = page.at<LmdbWord>(at + 8 + 4 * sizeof(LmdbWord));
      return read_tree;
    };
    const bool is_meta = page.flags() == lmdb_meta_page && page.number() == i &&
                         page.at<std::uint32_t>(meta_magic) == magic &&
                         page.at<std::uint32_t>(meta_version) == data_version &&
                         page.at<std::uint32_t>(meta_trees) == page_bytes_ &&
                         meta_end <= page_bytes_;
    if (!is_meta) continue;
    metas_[i] = Meta{page.at<LmdbWord>(meta_last_page), page.at<LmdbWord>(meta_transaction),
                     tree(0), tree(1)};
  }
}

const LmdbFile::Meta* LmdbFile::newest() const {
  const Meta* newest = nullptr;
  for (const auto& meta : metas_) {
    if (meta && (newest == nullptr || meta->transaction > newest->transaction)) newest = &*meta;
  }
  return newest;
}

// LMDB opens a file only when it likes both, and takes the one with the higher number: a flipped
// bit there would take it back to an old tree whose pages are written over.
std::optional<std::string> LmdbFile::check_metas() const {
  for (std::size_t i = 0; i < 2; ++i) {
    if (!metas_[i]) return "header page " + std::to_string(i) + " is damaged";
    const Meta& meta = *metas_[i];
    const bool is_in_place = meta.transaction == 0 || (meta.transaction & 1) == i;
    if (!is_in_place || meta.free_list.flags != file_flags || meta.main.flags != 0)
      return "header page " + std::to_string(i) + " is damaged";
  }
  const std::uint64_t a = metas_[0]->transaction;
  const std::uint64_t b = metas_[1]->transaction;
  if ((a > b ? a - b : b - a) > 1) return "the header pages do not belong together";
  return std::nullopt;
}

// Walk: one look at a whole tree, with what it found.
class LmdbFile::Walk {
 public:
  Walk(const LmdbFile& file, const Meta& meta, std::uint64_t max_pages, const Progress& progress)
      : file_(file),
        meta_(meta),
        max_pages_(max_pages),
        progress_(progress),
        used_(static_cast<std::size_t>(meta.last_page + 1), false) {
    used_[0] = used_[1] = true;
  }

  bool tree(const Tree& tree, bool is_free_list) {
    is_free_list_ = is_free_list;
    entries_ = 0;
    if (tree.root == no_page) return tree.entries == 0 || fail("an empty tree counts entries");
    if (tree.depth == 0 || tree.depth > max_depth) return fail("a tree's depth is wrong");
    if (!page(tree.root, tree.depth, {}, std::nullopt)) return false;
    if (!is_cut_ && entries_ != tree.entries) return fail("a tree's count of entries is wrong");
    return true;
  }

  const std::string& fault() const { return fault_; }

 private:
  bool fail(const std::string& what) {
    if (fault_.empty()) fault_ = what;
    return false;
  }

  bool take(std::uint64_t number, std::uint64_t count, bool is_free = false) {
    if (number < 2 || count == 0 || number > meta_.last_page ||
        count - 1 > meta_.last_page - number)
      return fail("a page number is out of range");
    if (!is_free && number + count > file_.page_count()) return fail("the file is cut off");
    for (std::uint64_t i = number; i < number + count; ++i) {
      if (used_[static_cast<std::size_t>(i)]) return fail("a page is used twice");
      used_[static_cast<std::size_t>(i)] = true;
    }
    return true;
  }

  int compare(std::string_view a, std::string_view b) const {
    if (!is_free_list_) return a.compare(b);
    LmdbWord left = 0;
    LmdbWord right = 0;
    std::memcpy(&left, a.data(), std::min(a.size(), sizeof left));
    std::memcpy(&right, b.data(), std::min(b.size(), sizeof right));
    return left < right ? -1 : left > right ? 1 : 0;
  }

  bool page(std::uint64_t number, int depth, std::string_view from,
            std::optional<std::string_view> below) {
    if (!take(number, 1)) return false;
    if (pages_ >= max_pages_) {
      is_cut_ = true;
      return true;
    }
    if (++pages_ % progress_every == 0 && progress_) progress_(pages_);
    std::string bytes;
    if (!file_.read(number, 1, bytes))
      return fail("page " + std::to_string(number) + " is not there");
    const LmdbPage page(bytes);
    const bool is_leaf = depth == 1;
    const auto broken = [&] { return fail("page " + std::to_string(number) + " is damaged"); };
    if (page.number() != number || page.flags() != (is_leaf ? lmdb_leaf_page : lmdb_branch_page) ||
        !page.is_packed())
      return broken();
    const std::size_t nodes = page.node_count();
    if (nodes == 0 || (!is_leaf && nodes < 2 && !is_free_list_)) return broken();
    for (std::size_t i = 0; i < nodes; ++i) {
      const bool is_first_branch = !is_leaf && i == 0;  // its key is not used
      const std::string_view key = page.key(i);
      if (is_free_list_ && !is_first_branch && key.size() != sizeof(LmdbWord)) return broken();
      if (!is_free_list_ && !is_first_branch && (is_leaf ? !keys::is_known(key) : key.empty()))
        return broken();
      if (!is_first_branch) {
        const std::string_view before = i == (is_leaf ? 0U : 1U) ? from : page.key(i - 1);
        const bool is_bound = i == (is_leaf ? 0U : 1U);  // a branch's own key may equal its first
        const int order = before.empty() ? 1 : compare(key, before);
        if (order < 0 || (order == 0 && !is_bound)) return broken();
        if (below && compare(key, *below) >= 0) return broken();
      }
      if (is_leaf ? !leaf_node(page, i) : !branch_node(page, i, depth, from, below)) return false;
    }
    return true;
  }

  bool branch_node(const LmdbPage& page, std::size_t i, int depth, std::string_view from,
                   std::optional<std::string_view> below) {
    const std::string_view first = i == 0 ? from : page.key(i);
    const auto end = i + 1 < page.node_count() ? std::optional(page.key(i + 1)) : below;
    return this->page(page.child(i), depth - 1, first, end);
  }

  bool leaf_node(const LmdbPage& page, std::size_t i) {
    ++entries_;
    if (page.node_flags(i) != 0 && page.node_flags(i) != lmdb_big_data)
      return fail("page " + std::to_string(page.number()) + " is damaged");
    std::string overflow;
    std::string_view value;
    if (page.node_flags(i) == lmdb_big_data) {
      const std::uint64_t count = lmdb_overflow_pages(page.data_bytes(i), file_.page_bytes_);
      if (!take(page.overflow(i), count)) return false;
      if (pages_ < max_pages_ || is_free_list_) {
        ++pages_;
        const bool is_needed = is_free_list_;  // of a value only the header is looked at
        if (!file_.read(page.overflow(i), is_needed ? count : 1, overflow))
          return fail("a value is cut off");
        const LmdbPage head(overflow);
        if (head.number() != page.overflow(i) || head.flags() != lmdb_overflow_page ||
            head.overflow_count() != count)
          return fail("page " + std::to_string(page.overflow(i)) + " is damaged");
        if (is_needed)
          value = std::string_view(overflow).substr(lmdb_header_bytes, page.data_bytes(i));
      }
    } else {
      value = page.inline_value(i);
    }
    return !is_free_list_ || free_pages(value);
  }

  // A list of free pages: how many, then their numbers, falling.
  bool free_pages(std::string_view value) {
    const auto word = [&](std::size_t i) {
      LmdbWord number = 0;
      std::memcpy(&number, value.data() + i * sizeof number, sizeof number);
      return std::uint64_t{number};
    };
    if (value.size() < sizeof(LmdbWord) || value.size() / sizeof(LmdbWord) - 1 < word(0))
      return fail("the list of free pages is damaged");
    for (std::uint64_t i = 1; i <= word(0); ++i) {
      const std::uint64_t number = word(static_cast<std::size_t>(i));
      if (i > 1 && number >= word(static_cast<std::size_t>(i - 1)))
        return fail("the list of free pages is damaged");
      if (!take(number, 1, true)) return false;
    }
    return true;
  }

  const LmdbFile& file_;
  const Meta& meta_;
  const std::uint64_t max_pages_;
  const Progress& progress_;
  std::vector<bool> used_;
  std::uint64_t pages_ = 0;
  std::uint64_t entries_ = 0;
  bool is_free_list_ = false;
  bool is_cut_ = false;  // the bound was reached: counts say nothing
  std::string fault_;
};

std::optional<std::string> LmdbFile::find_fault(std::uint64_t max_pages,
                                                std::optional<std::uint64_t> transaction,
                                                const Progress& progress) const {
  if (!transaction) {
    if (auto fault = check_metas()) return fault;
  }
  const Meta* meta = newest();
  for (const auto& other : metas_) {
    if (transaction && other && other->transaction == *transaction) meta = &*other;
  }
  if (meta == nullptr || (transaction && meta->transaction != *transaction))
    return "the header cannot be read";
  // LMDB does not write pages that one transaction took and gave back: the end of the file may be
  // missing. Pages that are used are looked for where they are used.
  if (meta->last_page > page_count_ + max_missing_pages)
    return "the file is much shorter than its header says";
  Walk walk(*this, *meta, max_pages, progress);
  // The main tree first: a page of it that is listed as free is then found.
  if (!walk.tree(meta->main, false) || !walk.tree(meta->free_list, true)) return walk.fault();
  return std::nullopt;
}

std::optional<std::string> LmdbFile::read_value(const Page& page, std::size_t node) const {
  if (page.node_flags(node) != lmdb_big_data) return std::string(page.inline_value(node));
  std::string bytes;
  const std::uint64_t count = lmdb_overflow_pages(page.data_bytes(node), page_bytes_);
  if (!read(page.overflow(node), count, bytes)) return std::nullopt;
  return bytes.substr(lmdb_header_bytes, page.data_bytes(node));
}

void LmdbFile::visit_tree(std::uint64_t root, int depth, std::vector<bool>& seen,
                          const Visit& visit, const Wants& wants) const {
  if (root < 2 || root >= page_count_ || depth <= 0 || seen[static_cast<std::size_t>(root)]) return;
  seen[static_cast<std::size_t>(root)] = true;
  std::string bytes;
  if (!read(root, 1, bytes)) return;
  const Page page(bytes);
  for (std::size_t i = 0; i < page.node_count(); ++i) {
    if (!page.is_node(i)) continue;
    if (page.flags() == lmdb_branch_page) {
      visit_tree(page.child(i), depth - 1, seen, visit, wants);
    } else if (!wants || wants(page.key(i))) {
      if (const auto value = read_value(page, i)) visit(page.key(i), *value);
    }
  }
}

void LmdbFile::visit_trees(const Visit& visit, const Wants& wants) const {
  std::vector<const Meta*> metas;
  for (const auto& meta : metas_) {
    if (meta) metas.push_back(&*meta);
  }
  std::ranges::sort(metas, std::ranges::greater{}, &Meta::transaction);
  for (const Meta* meta : metas) {
    std::vector<bool> seen(static_cast<std::size_t>(page_count_), false);
    visit_tree(meta->main.root, max_depth, seen, visit, wants);
  }
}

void LmdbFile::scan_pages(const Visit& visit, const Progress& progress, const Wants& wants) const {
  for (std::uint64_t number = 2; number < page_count_; ++number) {
    if (number % progress_every == 0 && progress) progress(number);
    std::string bytes;
    if (!read(number, 1, bytes)) continue;  // a bad sector
    const Page page(bytes);
    const bool may_be_leaf = page.flags() == lmdb_leaf_page || page.number() == number;
    if (!may_be_leaf || (page.flags() == lmdb_overflow_page && page.number() == number)) continue;
    for (std::size_t i = 0; i < page.node_count(); ++i) {
      if (!page.is_node(i) || (wants && !wants(page.key(i)))) continue;
      if (const auto value = read_value(page, i)) visit(page.key(i), *value);
    }
  }
}

}  // namespace sluice
