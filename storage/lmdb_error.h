// What the caller should do about an LMDB or system error. Included by the files that see <lmdb.h>.
#pragma once

#include <lmdb.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

constexpr MDB_dbi lmdb_tree = 1;  // LMDB's main tree
constexpr MDB_dbi lmdb_free_list = 0;
constexpr std::uint64_t lmdb_first_map_bytes = 16ULL << 20;

inline MDB_val to_val(std::string_view bytes) {
  return {bytes.size(),
          const_cast<char*>(
              bytes.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast): LMDB takes void*
}
inline std::string_view to_view(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

inline Error lmdb_error(int code, std::string_view what) {
  const std::string message = std::string(what) + ": " + mdb_strerror(code);
  switch (code) {
    case MDB_MAP_FULL:
      return {ErrorKind::no_space, "the store has reached storage.max_size"};
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::no_space, "the disk that holds the store is full"};
    case EFBIG:
      return {ErrorKind::no_space, message + " (the limit for one file: ulimit -f, LimitFSIZE=)"};
    // LMDB's vectored write reports a full disk as EIO (measured); a failing disk looks the same.
    case EIO:
      return {ErrorKind::no_space, message + " (disk full, or failing)"};
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_VERSION_MISMATCH:
      return {ErrorKind::corrupt, message};
    case EROFS:
      return {ErrorKind::try_later, message + " (the kernel makes it so when a disk fails: dmesg)"};
    case EACCES:
    case EPERM:
      return {ErrorKind::bad_config, message};
    default:
      return {ErrorKind::try_later, message};
  }
}

inline Error system_error(std::string_view what, const std::filesystem::path& path) {
  return lmdb_error(errno, std::string(what) + " " + path.string());
}

}  // namespace sluice
