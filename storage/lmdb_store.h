// LmdbStore: the Store on disk. The only code that sees <lmdb.h>.
//
//   DIR/store.mdb       the data; made as store.mdb.new and renamed, so that it is whole or absent
//   DIR/store.mdb-lock  LMDB's reader table
//   DIR/lock            held (flock) while a gateway owns the store; holds its process id
//
// Default LMDB flags: a commit is durable when it returns (measured: no loss in emulated power
// cuts). MDB_NOSYNC and MDB_WRITEMAP are deliberately absent: a power cut with them loses the whole
// store.
#pragma once

#include <filesystem>
#include <memory>
#include <shared_mutex>
#include <string>

#include "storage/store.h"

struct MDB_env;

namespace sluice {

class LmdbStore final : public Store {
 public:
  // Opens the store in `directory`, or creates it. A file that LMDB cannot open is moved aside
  // (`store.mdb.damaged-<n>`) with an error in the log, and a new store begins.
  //   bad_config  the directory cannot be used: permissions, a network file system, another gateway
  //   no_space    the disk is full
  static Result<std::unique_ptr<LmdbStore>> open(const std::filesystem::path& directory,
                                                 std::uint64_t max_bytes);
  ~LmdbStore() override;

  Result<void> commit(const WriteBatch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) const override;
  Result<void> scan(std::string_view first, std::string_view end,
                    const Visit& visit) const override;
  Result<std::optional<std::pair<std::string, std::string>>> last(
      std::string_view first, std::string_view end) const override;
  StoreUsage usage() const override;

  // The name of a damaged file that open() moved aside; empty: none.
  const std::string& moved_aside() const { return moved_aside_; }

 private:
  class ReadTransaction;
  struct EnvClose {
    void operator()(MDB_env* env) const;
  };
  using Env = std::unique_ptr<MDB_env, EnvClose>;

  LmdbStore(Env env, int lock_fd, std::uint64_t max_bytes, std::uint64_t map_bytes);

  static Result<Env> open_env(const std::filesystem::path& file, std::uint64_t map_bytes);
  static Result<void> create(const std::filesystem::path& directory);
  int try_commit(const WriteBatch& batch);
  bool grow_map();

  // Constant after construction.
  const int lock_fd_;
  const std::uint64_t max_bytes_;
  std::string moved_aside_;

  Env env_;
  // Readers hold it shared; growing the map, which moves it in memory, takes it alone.
  mutable std::shared_mutex map_mutex_;
  std::uint64_t map_bytes_;  // engine thread only
};

}  // namespace sluice
