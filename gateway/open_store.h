// OpenStore: the box's store as its configuration has it: the file, and the keys that it is sealed
// with.
#pragma once

#include <memory>

#include "core/result.h"
#include "gateway/configuration.h"
#include "storage/encrypted_store.h"
#include "storage/lmdb_store.h"

namespace sluice {

struct OpenStore {
  std::unique_ptr<LmdbStore> file;
  std::unique_ptr<EncryptedStore> decrypted;  // null: the store is not encrypted

  Store& get() const { return decrypted ? static_cast<Store&>(*decrypted) : *file; }
};

// What a file that was set aside has and the store has not.
Result<SalvageReport> salvage_missing(const LmdbFile& file, const OpenStore& store,
                                      const StorageSection& storage,
                                      const std::function<void(double)>& progress);

// For the gateway that owns it.
//   bad_config  the directory, the format or the key does not fit
//   no_space    the disk is full
Result<OpenStore> open_store(const StorageSection& storage);
// For tools, beside the gateway or without one.
Result<OpenStore> open_store_read_only(const StorageSection& storage);

}  // namespace sluice
