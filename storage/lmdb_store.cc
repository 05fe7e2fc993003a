#include "storage/lmdb_store.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "core/log.h"
#include "storage/keys.h"
#include "storage/lmdb_error.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// Pages that were read stay in the process's memory until it gives them back, with those around
// them.
constexpr std::uint64_t tidy_after_bytes = 4ULL << 20;
constexpr std::uint64_t pages_checked_on_reopening = 1'024;

// Of this process, pages of files that are in memory (proc(5), statm).
std::uint64_t resident_file_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  statm >> size >> resident >> shared;
  return shared * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

// A short read transaction, with the lock that keeps the map where it is.
class LmdbStore::ReadTransaction {
 public:
  explicit ReadTransaction(const LmdbStore& store) : lock_(store.map_mutex_) {
    code_ = begin(store.env_.get());
    if (code_ != MDB_MAP_RESIZED) return;
    // Read only, and the gateway that owns the store has made its file larger.
    lock_.unlock();
    {
      const std::unique_lock alone(store.map_mutex_);
      mdb_env_set_mapsize(store.env_.get(), 0);
    }
    lock_.lock();
    code_ = begin(store.env_.get());
  }
  ~ReadTransaction() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
    if (transaction_ != nullptr) mdb_txn_abort(transaction_);
  }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

  int code() const { return code_; }
  MDB_txn* get() const { return transaction_; }
  MDB_cursor* open_cursor(MDB_dbi dbi) {
    if (code_ == 0) code_ = mdb_cursor_open(transaction_, dbi, &cursor_);
    return cursor_;
  }

 private:
  int begin(MDB_env* env) {
    return env == nullptr ? MDB_PANIC : mdb_txn_begin(env, nullptr, MDB_RDONLY, &transaction_);
  }

  std::shared_lock<std::shared_mutex> lock_;
  MDB_txn* transaction_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  int code_ = 0;
};

void LmdbStore::EnvClose::operator()(MDB_env* env) const { mdb_env_close(env); }

int LmdbStore::try_commit(const WriteBatch& batch) {
  if (!env_) return MDB_PANIC;
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(env_.get(), nullptr, 0, &transaction); code != 0) return code;
  for (const auto& operation : batch.operations()) {
    MDB_val key = to_val(operation.key);
    int code = 0;
    if (operation.is_erase) {
      code = mdb_del(transaction, lmdb_tree, &key, nullptr);
      if (code == MDB_NOTFOUND) code = 0;
    } else {
      MDB_val value = to_val(operation.value);
      code = mdb_put(transaction, lmdb_tree, &key, &value, 0);
    }
    if (code != 0) {
      mdb_txn_abort(transaction);
      return code;
    }
  }
  return mdb_txn_commit(transaction);
}

// The map may exceed max_size by an eighth: room for the pages that a trim itself needs.
std::uint64_t LmdbStore::most_map_bytes() const {
  if (max_bytes_ == 0) return lmdb_first_map_bytes;  // read only
  return max_bytes_ + std::max<std::uint64_t>(max_bytes_ / 8, 1ULL << 20);
}

bool LmdbStore::grow_map() {
  const std::uint64_t limit = most_map_bytes();
  if (map_bytes_ >= limit) return false;
  const std::uint64_t wanted = std::min(limit, map_bytes_ * 2) & ~4095ULL;
  const std::unique_lock alone(map_mutex_);  // no transaction is open in this process
  if (mdb_env_set_mapsize(env_.get(), static_cast<std::size_t>(wanted)) != 0) return false;
  map_bytes_ = wanted;
  return true;
}

// What a commit frees LMDB uses only after one more. When the next one needs it and fails there is
// no other, and it fails for ever: one that changes nothing goes between them.
bool LmdbStore::release_freed_pages() {
  if (std::exchange(has_released_, true)) return false;
  const auto mark = get(keys::format);
  if (!mark || !*mark) return false;
  WriteBatch same;
  same.put(keys::format, **mark);
  return try_commit(same) == 0;
}

// After a failed write of its header LMDB does nothing more in this environment. Nothing is wrong
// with the file then: what was committed is there.
int LmdbStore::reopen() {
  const std::unique_lock alone(map_mutex_);
  env_.reset();
  const auto structure = LmdbFile::open(file_);
  if (!structure) return structure.error().kind == ErrorKind::corrupt ? MDB_CORRUPTED : MDB_PANIC;
  if (structure->find_fault(pages_checked_on_reopening)) return MDB_CORRUPTED;
  return open_env(false) ? 0 : MDB_PANIC;
}

Result<void> LmdbStore::commit(const WriteBatch& batch) {
  if (is_read_only_) return Error{ErrorKind::bad_config, "the store is open for reading only"};
  int code = try_commit(batch);
  if (code == MDB_PANIC) {
    code = reopen();
    if (code == 0) code = try_commit(batch);
  }
  while (code == MDB_MAP_FULL && grow_map()) code = try_commit(batch);
  if (code == MDB_MAP_FULL && release_freed_pages()) code = try_commit(batch);
  if (code == 0) has_released_ = false;
  if (code != 0) return lmdb_error(code, "cannot commit to the store");
  return {};
}

Result<std::optional<std::string>> LmdbStore::get(std::string_view key) const {
  const ReadTransaction transaction(*this);
  MDB_val key_val = to_val(key);
  MDB_val value{};
  int code = transaction.code();
  if (code == 0) code = mdb_get(transaction.get(), lmdb_tree, &key_val, &value);
  if (code == MDB_NOTFOUND) return std::optional<std::string>();
  if (code != 0) return lmdb_error(code, "cannot read the store");
  return std::optional(std::string(to_view(value)));
}

Result<void> LmdbStore::scan(std::string_view first, std::string_view end,
                             const Visit& visit) const {
  ReadTransaction transaction(*this);
  MDB_cursor* cursor = transaction.open_cursor(lmdb_tree);
  MDB_val key = to_val(first);
  MDB_val value{};
  int code = transaction.code();
  // LMDB has no empty key, and looks for none.
  if (code == 0)
    code = mdb_cursor_get(cursor, &key, &value, first.empty() ? MDB_FIRST : MDB_SET_RANGE);
  while (code == 0 && to_view(key) < end) {
    if (!visit(to_view(key), to_view(value))) break;
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
  }
  if (code != 0 && code != MDB_NOTFOUND) return lmdb_error(code, "cannot read the store");
  return {};
}

Result<std::optional<std::pair<std::string, std::string>>> LmdbStore::last(
    std::string_view first, std::string_view end) const {
  ReadTransaction transaction(*this);
  MDB_cursor* cursor = transaction.open_cursor(lmdb_tree);
  MDB_val key = to_val(end);
  MDB_val value{};
  int code = transaction.code();
  if (code == 0) {
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    code = mdb_cursor_get(cursor, &key, &value, code == 0 ? MDB_PREV : MDB_LAST);
  }
  if (code == MDB_NOTFOUND || (code == 0 && to_view(key) < first)) {
    return std::optional<std::pair<std::string, std::string>>();
  }
  if (code != 0) return lmdb_error(code, "cannot read the store");
  return std::optional(std::pair<std::string, std::string>(to_view(key), to_view(value)));
}

StoreUsage LmdbStore::usage() const {
  ReadTransaction transaction(*this);
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_.get(), &info);
  mdb_env_stat(env_.get(), &stat);
  std::uint64_t free_pages = 0;
  MDB_cursor* cursor = transaction.open_cursor(lmdb_free_list);
  MDB_val key{};
  MDB_val value{};
  if (transaction.code() == 0) {
    // Each entry of the free list starts with its number of pages.
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
      std::size_t pages = 0;
      std::memcpy(&pages, value.mv_data, sizeof pages);
      free_pages += pages;
    }
  }
  const std::uint64_t pages = info.me_last_pgno + 1;
  return {(pages - std::min(free_pages, pages)) * stat.ms_psize, pages * stat.ms_psize, max_bytes_};
}

void LmdbStore::tidy() {
  const std::shared_lock lock(map_mutex_);  // the map stays where it is
  if (!env_) return;
  int dead = 0;
  mdb_reader_check(env_.get(), &dead);  // slots of a killed tool would pin old pages
  if (dead > 0)
    log_warning("A reader of the store died: its slot is free again", {{"readers", dead}});
  const std::uint64_t resident = resident_file_bytes();
  resident_after_tidy_ = std::min(resident_after_tidy_, resident);
  if (resident < resident_after_tidy_ + tidy_after_bytes) return;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(file_.string())) continue;
    std::istringstream fields(line);
    void* begin = nullptr;
    void* end = nullptr;
    char dash = 0;
    if (!(fields >> begin >> dash >> end)) continue;
    // Never written through: the kernel reads the pages again when they are wanted.
    madvise(begin, static_cast<std::size_t>(static_cast<char*>(end) - static_cast<char*>(begin)),
            MADV_DONTNEED);
  }
  resident_after_tidy_ = resident_file_bytes();
}

std::optional<std::string> LmdbStore::find_fault(const LmdbFile::Progress& progress) const {
  const ReadTransaction transaction(*this);  // the pages of its tree stay as they are
  if (transaction.code() != 0) return std::string(mdb_strerror(transaction.code()));
  const auto structure = LmdbFile::open(file_);
  if (!structure) return structure.error().message;
  return structure->find_fault(~0ULL, mdb_txn_id(transaction.get()), progress);
}

Result<void> LmdbStore::copy_compact(const fs::path& file,
                                     const std::function<void(double)>& progress) const {
  const double whole = static_cast<double>(std::max<std::uint64_t>(1, usage().used_bytes));
  const std::shared_lock lock(map_mutex_);
  std::mutex mutex;
  std::condition_variable_any done;
  std::jthread watch([&](const std::stop_token& stop) {
    std::unique_lock waiting(mutex);
    while (!done.wait_for(waiting, stop, std::chrono::milliseconds(100), [] { return false; }) &&
           !stop.stop_requested()) {
      std::error_code ignored;
      const auto size = fs::file_size(file, ignored);
      if (progress && !ignored) progress(std::min(1.0, static_cast<double>(size) / whole));
    }
  });
  const int code = mdb_env_copy2(env_.get(), file.c_str(), MDB_CP_COMPACT);
  watch.request_stop();
  watch.join();
  if (code != 0) return lmdb_error(code, "cannot write " + file.string());
  if (progress) progress(1.0);
  return {};
}

}  // namespace sluice
