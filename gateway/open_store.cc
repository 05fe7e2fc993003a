#include "gateway/open_store.h"

#include <utility>

namespace sluice {
namespace {

Result<std::string> reveal_key(const Secret& secret) {
  const std::string text = TRY(secret.reveal());
  return Keyring::parse_key(text);
}

// Null: no key is configured.
Result<std::shared_ptr<Keyring>> keyring_of(const EncryptionSection& encryption) {
  if (!encryption.key.is_set()) return std::shared_ptr<Keyring>();
  std::string current = TRY(reveal_key(encryption.key));
  std::vector<std::string> previous;
  for (const Secret& secret : encryption.previous) previous.push_back(TRY(reveal_key(secret)));
  return Keyring::make(std::move(current), std::move(previous));
}

Unwrap unwrap_with(std::shared_ptr<Keyring> keys) {
  return [keys = std::move(keys)](std::string_view key, std::string_view value) {
    if (keys && Keyring::is_sealed(value)) return keys->open(key, value);
    return std::optional<std::string>(value);
  };
}

Result<void> refuse_without_key(const Store& store) {
  if (!TRY(EncryptedStore::is_encrypted(store))) return {};
  return Error{ErrorKind::bad_config,
               "the store is encrypted and there is no key: set storage.encryption.key"};
}

}  // namespace

Result<SalvageReport> salvage_missing(const LmdbFile& file, const OpenStore& store,
                                      const StorageSection& storage,
                                      const std::function<void(double)>& progress) {
  const std::shared_ptr<Keyring> keys = TRY(keyring_of(storage.encryption));
  return salvage_missing(file, unwrap_with(keys), *store.file, progress);
}

Result<OpenStore> open_store(const StorageSection& storage) {
  const std::shared_ptr<Keyring> keys = TRY(keyring_of(storage.encryption));
  LmdbOptions options;
  options.max_bytes = storage.max_size.bytes();
  options.sets_newer_aside = storage.newer_store == NewerStore::set_aside;
  options.unwrap = unwrap_with(keys);
  OpenStore store;
  store.file = TRY(LmdbStore::open(storage.resolved_path(), options));
  if (keys) {
    store.decrypted = TRY(EncryptedStore::open(*store.file, keys));
  } else {
    TRY(refuse_without_key(*store.file));
  }
  return store;
}

Result<OpenStore> open_store_read_only(const StorageSection& storage) {
  OpenStore store;
  store.file = TRY(LmdbStore::open_read_only(storage.resolved_path()));
  if (const auto keys = TRY(keyring_of(storage.encryption))) {
    store.decrypted = TRY(EncryptedStore::open_read_only(*store.file, keys));
  } else {
    TRY(refuse_without_key(*store.file));
  }
  return store;
}

}  // namespace sluice
