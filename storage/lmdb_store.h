// LmdbStore: the Store on disk. The only code that sees <lmdb.h>.
//
//   DIR/store.mdb       the data; made as store.mdb.new and renamed, so that it is whole or absent
//   DIR/store.mdb-lock  LMDB's reader table
//   DIR/lock            held (flock) while a gateway owns the store; holds its process id, and
//                       "clean" once it has ended in order
//   DIR/store.mdb.damaged-<n>, .newer-<n>  what open() moved aside
//
// LMDB trusts its file, so open() looks at the structure first (LmdbFile): at all of it after a
// crash, at a bounded part after an orderly end. A file with a fault is never given to LMDB: what
// is whole in it is salvaged into a new one, and it is kept beside it.
//
// Default LMDB flags: a commit is durable when it returns (measured: no loss in emulated power
// cuts). MDB_NOSYNC and MDB_WRITEMAP are deliberately absent: a power cut with them loses the whole
// store.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>

#include "storage/lmdb_file.h"
#include "storage/salvage.h"
#include "storage/store.h"

struct MDB_env;

namespace sluice {

struct LmdbOptions {
  std::uint64_t max_bytes = 1ULL << 30;
  bool sets_newer_aside = false;  // begin anew beside a store of a newer program
  Unwrap unwrap = {};             // for salvage; empty: values mean what they say
};

class LmdbStore final : public Store {
 public:
  // The highest format that this program reads and writes (FORMAT.md).
  static constexpr int format = 2;

  // Opens the store in `directory`, or creates it. What cannot be opened is moved aside, and what
  // is whole in it is in the new store.
  //   bad_config  the directory cannot be used: permissions, a network file system, another
  //   gateway,
  //               or a newer program wrote the store (and sets_newer_aside is false)
  //   no_space    the disk is full
  static Result<std::unique_ptr<LmdbStore>> open(const std::filesystem::path& directory,
                                                 const LmdbOptions& options);
  // For tools: reads beside the gateway that owns the store, or when none does. Commits fail.
  //   bad_config  there is no store, or it may not be read
  //   corrupt     it is damaged; a gateway that opens it, or `sluice buffer repair`, salvages it
  static Result<std::unique_ptr<LmdbStore>> open_read_only(const std::filesystem::path& directory);
  ~LmdbStore() override;

  // Copies what is alive into `file`, without the free pages. `progress` gets the share done.
  Result<void> copy_compact(const std::filesystem::path& file,
                            const std::function<void(double)>& progress) const;
  // Puts such a copy into the file's place and gives its size. The last thing that is done with
  // this object: close it, then open the store again.
  Result<std::uint64_t> replace_by_compact_copy(const std::function<void(double)>& progress);

  Result<void> commit(const WriteBatch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) const override;
  Result<void> scan(std::string_view first, std::string_view end,
                    const Visit& visit) const override;
  Result<std::optional<std::pair<std::string, std::string>>> last(
      std::string_view first, std::string_view end) const override;
  StoreUsage usage() const override;
  void tidy() override;

  // The name of a file that open() moved aside, and what was salvaged; empty: none.
  const std::string& moved_aside() const { return moved_aside_; }
  const SalvageReport& salvaged() const { return salvaged_; }

  // The first fault in the structure, as of now; nothing: it is sound. Any thread.
  std::optional<std::string> find_fault(const LmdbFile::Progress& progress) const;

 private:
  class ReadTransaction;
  struct EnvClose {
    void operator()(MDB_env* env) const;
  };
  using Env = std::unique_ptr<MDB_env, EnvClose>;

  LmdbStore(std::filesystem::path file, int lock_fd, std::uint64_t max_bytes);

  static Result<std::unique_ptr<LmdbStore>> open_locked(const std::filesystem::path& directory,
                                                        const LmdbOptions& options, int lock_fd,
                                                        bool was_clean);
  static Result<std::unique_ptr<LmdbStore>> open_sound(const std::filesystem::path& file,
                                                       std::uint64_t max_bytes,
                                                       std::uint64_t pages_to_check);
  static Result<void> create(const std::filesystem::path& file);
  static Result<std::string> replace_damaged(const std::filesystem::path& file,
                                             const LmdbOptions& options, SalvageReport& report);
  Result<void> open_env(bool is_read_only);
  Result<int> read_format() const;
  int try_commit(const WriteBatch& batch);
  std::uint64_t most_map_bytes() const;
  bool grow_map();
  bool release_freed_pages();
  int reopen();

  // Constant after construction.
  const std::filesystem::path file_;
  int lock_fd_;  // -1: read only, or a file that is being made
  const std::uint64_t max_bytes_;
  std::string moved_aside_;
  SalvageReport salvaged_;
  bool is_read_only_ = false;

  // Readers hold it shared; what moves the map in memory takes it alone: growth, and opening anew.
  mutable std::shared_mutex map_mutex_;
  Env env_;                      // guarded by map_mutex_; null: it could not be opened again
  std::uint64_t map_bytes_ = 0;  // engine thread only
  std::uint64_t resident_after_tidy_ = 0;  // engine thread only; at first everything goes
  bool has_released_ = false;              // since the last commit; its thread only
};

}  // namespace sluice
