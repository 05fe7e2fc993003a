#include "storage/lmdb_store.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>

#include "core/log.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr MDB_dbi tree = 1;  // LMDB's main tree; dbi 0 is its free list
constexpr MDB_dbi free_list = 0;
constexpr std::uint64_t first_map_bytes = 16ULL << 20;

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(),
          const_cast<char*>(
              bytes.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast): LMDB takes void*
}
std::string_view to_view(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

// What the caller should do about an LMDB or system error.
Error to_error(int code, std::string_view what) {
  const std::string message = std::string(what) + ": " + mdb_strerror(code);
  switch (code) {
    case MDB_MAP_FULL:
      return {ErrorKind::no_space, "the store has reached storage.max_size"};
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::no_space, "the disk that holds the store is full"};
    // LMDB's vectored write reports a full disk as EIO (measured); a failing disk looks the same.
    case EIO:
      return {ErrorKind::no_space, message + " (disk full, or failing)"};
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_VERSION_MISMATCH:
      return {ErrorKind::corrupt, message};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ErrorKind::bad_config, message};
    default:
      return {ErrorKind::try_later, message};
  }
}

Error system_error(std::string_view what, const fs::path& path) {
  return to_error(errno, std::string(what) + " " + path.string());
}

// LMDB needs coherent shared mappings and real locks.
Result<void> refuse_network_file_system(const fs::path& directory) {
  constexpr std::array<unsigned long, 6> refused = {0x6969,     0xFF534D42, 0xFE534D42,
                                                    0x01021997, 0x786F4256, 0x72B6};
  struct statfs info {};
  if (statfs(directory.c_str(), &info) != 0) return system_error("cannot look at", directory);
  const auto type = static_cast<unsigned long>(info.f_type) & 0xFFFFFFFFUL;
  if (std::ranges::find(refused, type) != refused.end()) {
    return Error{ErrorKind::bad_config,
                 directory.string() +
                     " is on a network or flash-raw file system, which cannot hold "
                     "the store: set storage.path to a local disk"};
  }
  return {};
}

Result<int> lock_directory(const fs::path& directory) {
  const fs::path file = directory / "lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return system_error("cannot open", file);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 24> owner{};
    const auto length = ::pread(fd, owner.data(), owner.size() - 1, 0);
    ::close(fd);
    return Error{ErrorKind::bad_config,
                 "another gateway (process " +
                     std::string(owner.data(), length > 0 ? static_cast<std::size_t>(length) : 0) +
                     ") owns the store in " + directory.string()};
  }
  const std::string owner = std::to_string(getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, owner.data(), owner.size(), 0) < 0) {
    // The lock itself is what counts; the id only helps the message above.
    log_warning("Cannot write the process id into the lock file", {{"file", file.string()}});
  }
  return fd;
}

Result<void> sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("cannot open", directory);
  const bool is_synced = fsync(fd) == 0;
  ::close(fd);
  if (!is_synced) return system_error("cannot sync", directory);
  return {};
}

// A name that is not taken: store.mdb.damaged-1, -2 ...
fs::path free_name(const fs::path& file) {
  for (int i = 1;; ++i) {
    fs::path candidate = file.string() + ".damaged-" + std::to_string(i);
    std::error_code ignored;
    if (!fs::exists(candidate, ignored)) return candidate;
  }
}

}  // namespace

// A short read transaction, with the lock that keeps the map where it is.
class LmdbStore::ReadTransaction {
 public:
  explicit ReadTransaction(const LmdbStore& store) : lock_(store.map_mutex_) {
    code_ = mdb_txn_begin(store.env_.get(), nullptr, MDB_RDONLY, &transaction_);
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
  std::shared_lock<std::shared_mutex> lock_;
  MDB_txn* transaction_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  int code_ = 0;
};

void LmdbStore::EnvClose::operator()(MDB_env* env) const { mdb_env_close(env); }

LmdbStore::LmdbStore(Env env, int lock_fd, std::uint64_t max_bytes, std::uint64_t map_bytes)
    : lock_fd_(lock_fd), max_bytes_(max_bytes), env_(std::move(env)), map_bytes_(map_bytes) {}

LmdbStore::~LmdbStore() {
  env_.reset();
  ::close(lock_fd_);
}

Result<LmdbStore::Env> LmdbStore::open_env(const fs::path& file, std::uint64_t map_bytes) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0)
    return to_error(code, "cannot make an LMDB environment");
  Env env(raw);
  mdb_env_set_mapsize(raw, static_cast<std::size_t>(map_bytes));
  // NOTLS: a reader belongs to its object, not to its thread.
  if (const int code =
          mdb_env_open(raw, file.c_str(), MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD, 0640);
      code != 0) {
    return to_error(code, "cannot open " + file.string());
  }
  // A file that was cut short would be a bus error later: refuse it now.
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(raw, &info);
  mdb_env_stat(raw, &stat);
  std::error_code ignored;
  if (fs::file_size(file, ignored) < (info.me_last_pgno + 1) * std::uint64_t{stat.ms_psize}) {
    return Error{ErrorKind::corrupt, file.string() + " is shorter than its own header says"};
  }
  int dead = 0;
  mdb_reader_check(raw, &dead);  // slots of a killed process would pin old pages for ever
  // Opening the main tree once makes its handle valid in every transaction.
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(raw, nullptr, MDB_RDONLY, &transaction); code != 0) {
    return to_error(code, "cannot read " + file.string());
  }
  MDB_dbi dbi = 0;
  const int code = mdb_dbi_open(transaction, nullptr, 0, &dbi);
  mdb_txn_abort(transaction);
  if (code != 0) return to_error(code, "cannot read " + file.string());
  CHECK(dbi == tree);
  return env;
}

// Until its first durable commit an LMDB file can be unreadable after a power cut: make it whole
// under another name first.
Result<void> LmdbStore::create(const fs::path& directory) {
  const fs::path temporary = directory / "store.mdb.new";
  std::error_code ignored;
  fs::remove(temporary, ignored);
  fs::remove(temporary.string() + "-lock", ignored);
  {
    Env env = TRY(open_env(temporary, first_map_bytes));
    MDB_txn* transaction = nullptr;
    MDB_val key = to_val("A");
    MDB_val value = to_val("sluice store");
    int code = mdb_txn_begin(env.get(), nullptr, 0, &transaction);
    if (code == 0) {
      code = mdb_put(transaction, tree, &key, &value, 0);
      if (code == 0)
        code = mdb_txn_commit(transaction);
      else
        mdb_txn_abort(transaction);
    }
    if (code == 0) code = mdb_env_sync(env.get(), 1);
    if (code != 0) return to_error(code, "cannot create " + temporary.string());
  }
  fs::remove(temporary.string() + "-lock", ignored);
  std::error_code failure;
  fs::rename(temporary, directory / "store.mdb", failure);
  if (failure) return to_error(failure.value(), "cannot rename " + temporary.string());
  return sync_directory(directory);
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const fs::path& directory,
                                                   std::uint64_t max_bytes) {
  std::error_code failure;
  fs::create_directories(directory, failure);
  if (failure)
    return Error{ErrorKind::bad_config,
                 "cannot make storage.path " + directory.string() + ": " + failure.message()};
  TRY(refuse_network_file_system(directory));
  const int lock_fd = TRY(lock_directory(directory));

  const fs::path file = directory / "store.mdb";
  std::string moved_aside;
  for (;;) {
    if (!fs::exists(file, failure)) {
      if (auto created = create(directory); !created) {
        ::close(lock_fd);
        return std::move(created).error();
      }
    }
    const std::uint64_t size = fs::file_size(file, failure);
    const std::uint64_t map_bytes = std::max(first_map_bytes, std::min(max_bytes, size * 2));
    auto env = open_env(file, std::max(map_bytes, size));
    if (env) {
      auto store = std::unique_ptr<LmdbStore>(
          new LmdbStore(std::move(*env), lock_fd, max_bytes, std::max(map_bytes, size)));
      store->moved_aside_ = moved_aside;
      return store;
    }
    const bool is_damaged = env.error().kind == ErrorKind::corrupt && moved_aside.empty();
    if (!is_damaged) {
      ::close(lock_fd);
      return std::move(env).error();
    }
    const fs::path aside = free_name(file);
    fs::rename(file, aside, failure);
    fs::remove(file.string() + "-lock", failure);
    moved_aside = aside.string();
    log_error("The store cannot be opened: it was moved aside and a new one begins",
              {{"reason", env.error().message}, {"kept_as", moved_aside}});
  }
}

int LmdbStore::try_commit(const WriteBatch& batch) {
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(env_.get(), nullptr, 0, &transaction); code != 0) return code;
  for (const auto& operation : batch.operations()) {
    MDB_val key = to_val(operation.key);
    int code = 0;
    if (operation.is_erase) {
      code = mdb_del(transaction, tree, &key, nullptr);
      if (code == MDB_NOTFOUND) code = 0;
    } else {
      MDB_val value = to_val(operation.value);
      code = mdb_put(transaction, tree, &key, &value, 0);
    }
    if (code != 0) {
      mdb_txn_abort(transaction);
      return code;
    }
  }
  return mdb_txn_commit(transaction);
}

// The map may exceed max_size by an eighth: room for the pages that a trim itself needs.
bool LmdbStore::grow_map() {
  const std::uint64_t limit = max_bytes_ + std::max<std::uint64_t>(max_bytes_ / 8, first_map_bytes);
  if (map_bytes_ >= limit) return false;
  const std::uint64_t wanted = std::min(limit, map_bytes_ * 2) & ~4095ULL;
  const std::unique_lock alone(map_mutex_);  // no transaction is open in this process
  if (mdb_env_set_mapsize(env_.get(), static_cast<std::size_t>(wanted)) != 0) return false;
  map_bytes_ = wanted;
  return true;
}

Result<void> LmdbStore::commit(const WriteBatch& batch) {
  int code = try_commit(batch);
  while (code == MDB_MAP_FULL && grow_map()) code = try_commit(batch);
  if (code != 0) return to_error(code, "cannot commit to the store");
  return {};
}

Result<std::optional<std::string>> LmdbStore::get(std::string_view key) const {
  const ReadTransaction transaction(*this);
  MDB_val key_val = to_val(key);
  MDB_val value{};
  int code = transaction.code();
  if (code == 0) code = mdb_get(transaction.get(), tree, &key_val, &value);
  if (code == MDB_NOTFOUND) return std::optional<std::string>();
  if (code != 0) return to_error(code, "cannot read the store");
  return std::optional(std::string(to_view(value)));
}

Result<void> LmdbStore::scan(std::string_view first, std::string_view end,
                             const Visit& visit) const {
  ReadTransaction transaction(*this);
  MDB_cursor* cursor = transaction.open_cursor(tree);
  MDB_val key = to_val(first);
  MDB_val value{};
  int code = transaction.code();
  if (code == 0) code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
  while (code == 0 && to_view(key) < end && visit(to_view(key), to_view(value))) {
    code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
  }
  if (code != 0 && code != MDB_NOTFOUND) return to_error(code, "cannot read the store");
  return {};
}

Result<std::optional<std::pair<std::string, std::string>>> LmdbStore::last(
    std::string_view first, std::string_view end) const {
  ReadTransaction transaction(*this);
  MDB_cursor* cursor = transaction.open_cursor(tree);
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
  if (code != 0) return to_error(code, "cannot read the store");
  return std::optional(std::pair<std::string, std::string>(to_view(key), to_view(value)));
}

StoreUsage LmdbStore::usage() const {
  ReadTransaction transaction(*this);
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_.get(), &info);
  mdb_env_stat(env_.get(), &stat);
  std::uint64_t free_pages = 0;
  MDB_cursor* cursor = transaction.open_cursor(free_list);
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

}  // namespace sluice
