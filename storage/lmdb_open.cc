// Opening the store: lock, look at the file, salvage, begin anew.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <system_error>

#include "core/log.h"
#include "storage/keys.h"
#include "storage/lmdb_error.h"
#include "storage/lmdb_store.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view marker = "sluice store";  // format 1; later ones append " <number>"
constexpr std::string_view clean_mark = "clean";
// 16 MiB of pages: what a start may cost where the last run ended in order.
constexpr std::uint64_t pages_checked_after_clean_end = 4'096;
constexpr std::uint64_t all_pages = ~0ULL;

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

struct Lock {
  int fd = -1;
  bool was_clean = false;  // the last owner ended in order, or there was none
};

Result<Lock> lock_directory(const fs::path& directory) {
  const fs::path file = directory / "lock";
  Lock lock;
  lock.fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock.fd < 0) return system_error("cannot open", file);
  std::array<char, 24> bytes{};
  const auto length = ::pread(lock.fd, bytes.data(), bytes.size() - 1, 0);
  const std::string owner(bytes.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  if (flock(lock.fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock.fd);
    return Error{ErrorKind::bad_config,
                 "another gateway (process " + owner + ") owns the store in " + directory.string()};
  }
  lock.was_clean = owner.empty() || owner == clean_mark;
  const std::string own = std::to_string(getpid());
  // Synced: after a power cut it must not say that the last run ended in order.
  if (ftruncate(lock.fd, 0) != 0 || pwrite(lock.fd, own.data(), own.size(), 0) < 0 ||
      fdatasync(lock.fd) != 0)
    log_warning("Cannot write the process id into the lock file", {{"file", file.string()}});
  return lock;
}

Result<void> sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("cannot open", directory);
  const bool is_synced = fsync(fd) == 0;
  ::close(fd);
  if (!is_synced) return system_error("cannot sync", directory);
  return {};
}

Result<void> rename_file(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::rename(from, to, failure);
  if (failure) return lmdb_error(failure.value(), "cannot rename " + from.string());
  return sync_directory(to.parent_path());
}

// A name that is not taken: store.mdb.damaged-1, -2 ...
fs::path free_name(const fs::path& file, const std::string& why) {
  for (int i = 1;; ++i) {
    fs::path candidate = file.string() + "." + why + "-" + std::to_string(i);
    std::error_code ignored;
    if (!fs::exists(candidate, ignored)) return candidate;
  }
}

void remove_with_lock(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
  fs::remove(file.string() + "-lock", ignored);
}

std::string marker_of_this_format() {
  return std::string(marker) + " " + std::to_string(LmdbStore::format);
}

}  // namespace

LmdbStore::LmdbStore(fs::path file, int lock_fd, std::uint64_t max_bytes)
    : file_(std::move(file)), lock_fd_(lock_fd), max_bytes_(max_bytes) {}

LmdbStore::~LmdbStore() {
  env_.reset();
  if (lock_fd_ < 0) return;
  if (ftruncate(lock_fd_, 0) == 0) {
    // Not synced: if it is lost the next start only looks at more.
    const auto written = pwrite(lock_fd_, clean_mark.data(), clean_mark.size(), 0);
    (void)written;
  }
  ::close(lock_fd_);
}

// map_mutex_ is held alone, or nobody knows this yet.
Result<void> LmdbStore::open_env(bool is_read_only) {
  is_read_only_ = is_read_only;
  std::error_code failure;
  const std::uint64_t size = fs::file_size(file_, failure);
  if (failure) return lmdb_error(failure.value(), "cannot open " + file_.string());
  const std::uint64_t wanted = std::max(
      {std::min(lmdb_first_map_bytes, most_map_bytes()), std::min(max_bytes_, size * 2), size});
  if (wanted > std::numeric_limits<std::size_t>::max() / 2) {
    return Error{ErrorKind::bad_config,
                 file_.string() + " has " + std::to_string(size >> 20) +
                     " MiB, more than this processor can address: use a 64-bit system"};
  }
  map_bytes_ = std::max(map_bytes_, wanted);
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0)
    return lmdb_error(code, "cannot make an LMDB environment");
  Env env(raw);
  mdb_env_set_mapsize(raw, static_cast<std::size_t>(map_bytes_));
  // NOTLS: a reader belongs to its object, not to its thread.
  const unsigned flags =
      MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD | (is_read_only ? MDB_RDONLY : 0U);
  if (const int code = mdb_env_open(raw, file_.c_str(), flags, 0640); code != 0)
    return lmdb_error(code, "cannot open " + file_.string());
  int dead = 0;
  mdb_reader_check(raw, &dead);  // slots of a killed process would pin old pages for ever
  // Opening the main tree once makes its handle valid in every transaction.
  MDB_txn* transaction = nullptr;
  if (const int code = mdb_txn_begin(raw, nullptr, MDB_RDONLY, &transaction); code != 0)
    return lmdb_error(code, "cannot read " + file_.string());
  MDB_dbi dbi = 0;
  const int code = mdb_dbi_open(transaction, nullptr, 0, &dbi);
  mdb_txn_abort(transaction);
  if (code != 0) return lmdb_error(code, "cannot read " + file_.string());
  CHECK(dbi == lmdb_tree);
  env_ = std::move(env);
  return {};
}

// Until its first durable commit an LMDB file can be unreadable after a power cut: make it whole
// under another name first.
Result<void> LmdbStore::create(const fs::path& file) {
  const fs::path temporary = file.string() + ".new";
  remove_with_lock(temporary);
  {
    const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return system_error("cannot make", temporary);
    ::close(fd);
    LmdbStore made(temporary, -1, lmdb_first_map_bytes);
    TRY(made.open_env(false));
    WriteBatch batch;
    batch.put(keys::format, marker_of_this_format());
    TRY(made.commit(batch));
    if (const int code = mdb_env_sync(made.env_.get(), 1); code != 0)
      return lmdb_error(code, "cannot create " + temporary.string());
  }
  std::error_code ignored;
  fs::remove(temporary.string() + "-lock", ignored);
  return rename_file(temporary, file);
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open_sound(const fs::path& file,
                                                         std::uint64_t max_bytes,
                                                         std::uint64_t pages_to_check) {
  {
    const LmdbFile structure = TRY(LmdbFile::open(file));
    if (const auto fault = structure.find_fault(pages_to_check))
      return Error{ErrorKind::corrupt, file.string() + " is damaged: " + *fault};
  }
  auto store = std::unique_ptr<LmdbStore>(new LmdbStore(file, -1, max_bytes));
  TRY(store->open_env(false));
  return store;
}

Result<int> LmdbStore::read_format() const {
  const auto value = TRY(get(keys::format));
  if (!value || !value->starts_with(marker))
    return Error{ErrorKind::corrupt, file_.string() + " is not a store of Sluice"};
  if (*value == marker) return 1;
  int number = 0;
  const char* end = value->data() + value->size();
  const auto parsed = std::from_chars(value->data() + marker.size() + 1, end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return Error{ErrorKind::corrupt, file_.string() + " does not say its format"};
  return number;
}

Result<std::uint64_t> LmdbStore::replace_by_compact_copy(
    const std::function<void(double)>& progress) {
  const fs::path copy = file_.string() + ".compact";
  remove_with_lock(copy);
  TRY(copy_compact(copy, progress));
  const int fd = ::open(copy.c_str(), O_RDWR | O_CLOEXEC);
  const bool is_synced = fd >= 0 && fsync(fd) == 0;
  const Error failure = system_error("cannot sync", copy);
  if (fd >= 0) ::close(fd);
  if (!is_synced) return failure;
  std::error_code failed;
  const std::uint64_t bytes = fs::file_size(copy, failed);
  TRY(rename_file(copy, file_));
  // The reader table belongs to the file that is gone.
  fs::remove(file_.string() + "-lock", failed);
  return bytes;
}

// Builds a whole store out of the damaged one before it takes its place: whatever ends this
// half-way, the next start finds one of the two. Gives the name under which the damaged one is
// kept.
Result<std::string> LmdbStore::replace_damaged(const fs::path& file, const LmdbOptions& options,
                                               SalvageReport& report) {
  const fs::path part = file.string() + ".part";
  remove_with_lock(part);
  const auto build = [&]() -> Result<void> {
    TRY(create(part));
    const auto into = TRY(open_sound(part, 2 * options.max_bytes, all_pages));
    const LmdbFile damaged = TRY(LmdbFile::open_damaged(file));
    int tenth = 0;
    const Unwrap as_it_is = [](std::string_view, std::string_view value) {
      return std::optional<std::string>(value);
    };
    report =
        TRY(salvage(damaged, options.unwrap ? options.unwrap : as_it_is, *into, [&](double share) {
          const int reached = static_cast<int>(share * 10);
          if (reached > tenth) log_info("Salvaging the store", {{"percent", reached * 10}});
          tenth = std::max(tenth, reached);
        }));
    return {};
  };
  if (auto built = build(); !built) {
    log_error("The damaged store cannot be salvaged now; it is kept for `sluice buffer repair`",
              {{"reason", built.error().message}});
    report = {};
    remove_with_lock(part);
    TRY(create(part));
  }
  std::error_code ignored;
  fs::remove(part.string() + "-lock", ignored);
  const fs::path ready = file.string() + ".salvaged";
  TRY(rename_file(part, ready));
  const fs::path aside = free_name(file, "damaged");
  TRY(rename_file(file, aside));
  TRY(rename_file(ready, file));
  fs::remove(file.string() + "-lock", ignored);
  return aside.string();
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open_locked(const fs::path& directory,
                                                          const LmdbOptions& options, int lock_fd,
                                                          bool was_clean) {
  const fs::path file = directory / "store.mdb";
  remove_with_lock(file.string() + ".compact");  // of a compaction that was ended half-way
  std::string moved_aside;
  SalvageReport report;
  std::error_code failure;
  for (;;) {
    if (!fs::exists(file, failure)) {
      const fs::path ready = file.string() + ".salvaged";
      TRY(fs::exists(ready, failure) ? rename_file(ready, file) : create(file));
    }
    auto store =
        open_sound(file, options.max_bytes, was_clean ? pages_checked_after_clean_end : all_pages);
    auto is = store ? (*store)->read_format() : Result<int>(store.error());
    if (is && *is > format) {
      const std::string what = file.string() + " has format " + std::to_string(*is) +
                               " of a newer Sluice; this one knows " + std::to_string(format);
      if (!options.sets_newer_aside) {
        return Error{ErrorKind::bad_config,
                     what +
                         ": install the newer version, or set storage.newer_store = "
                         "\"set_aside\" to begin a new store beside it"};
      }
      store->reset();
      const fs::path aside = free_name(file, "newer");
      TRY(rename_file(file, aside));
      fs::remove(file.string() + "-lock", failure);
      log_error("A newer Sluice wrote the store: it is set aside and a new one begins",
                {{"reason", what}, {"kept_as", aside.string()}});
      moved_aside = aside.string();
      continue;
    }
    if (is) {
      if (*is < format) {
        WriteBatch batch;
        batch.put(keys::format, marker_of_this_format());
        TRY((*store)->commit(batch));
      }
      // A name that an earlier run gave, or the directory itself, may not be durable yet.
      TRY(sync_directory(directory));
      (void)sync_directory(directory / "..").is_ok();  // it may not be ours to open
      (*store)->lock_fd_ = lock_fd;
      (*store)->moved_aside_ = moved_aside;
      (*store)->salvaged_ = report;
      return store;
    }
    if (is.error().kind != ErrorKind::corrupt || !moved_aside.empty()) return is.error();
    log_error("The store is damaged: what is whole in it goes into a new one",
              {{"reason", is.error().message}});
    if (store) store->reset();
    moved_aside = TRY(replace_damaged(file, options, report));
    log_error("The damaged store is set aside", {{"kept_as", moved_aside},
                                                 {"salvaged_records", report.records},
                                                 {"damaged_records", report.damaged}});
  }
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const fs::path& directory,
                                                   const LmdbOptions& options) {
  std::error_code failure;
  fs::create_directories(directory, failure);
  if (failure)
    return Error{ErrorKind::bad_config,
                 "cannot make storage.path " + directory.string() + ": " + failure.message()};
  TRY(refuse_network_file_system(directory));
  const Lock lock = TRY(lock_directory(directory));
  auto store = open_locked(directory, options, lock.fd, lock.was_clean);
  if (!store) ::close(lock.fd);
  return store;
}

Result<std::unique_ptr<LmdbStore>> LmdbStore::open_read_only(const fs::path& directory) {
  const fs::path file = directory / "store.mdb";
  std::error_code failure;
  if (!fs::exists(file, failure)) {
    return Error{ErrorKind::bad_config,
                 failure ? "cannot look into " + directory.string() + ": " + failure.message()
                         : "there is no store in " + directory.string()};
  }
  {
    // Another process may be writing: only the header is looked at.
    const LmdbFile structure = TRY(LmdbFile::open(file));
    (void)structure.page_count();
  }
  auto store = std::unique_ptr<LmdbStore>(new LmdbStore(file, -1, 0));
  TRY(store->open_env(true));
  const int is = TRY(store->read_format());
  if (is > format) {
    return Error{ErrorKind::bad_config, file.string() + " has format " + std::to_string(is) +
                                            " of a newer Sluice; this one knows " +
                                            std::to_string(format)};
  }
  return store;
}

}  // namespace sluice
