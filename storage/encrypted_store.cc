#include "storage/encrypted_store.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "storage/keys.h"

namespace sluice {
namespace {

constexpr std::size_t rotated_bytes_per_commit = 64 * 1024;
constexpr std::size_t rotated_looks_per_commit = 512;
// The marker: the current key's id, then what else values may be sealed with: ids, "plain".
constexpr std::string_view plain = "plain";

// Not sealed: what must be read before the key is known.
bool is_plain(std::string_view key) { return key == keys::format || key == keys::key_check; }

Error missing_key(std::string_view id, const Keyring& keys) {
  return {ErrorKind::bad_config, "the store is encrypted with key " + std::string(id) +
                                     ", and storage.encryption gives key " + keys.ids().front() +
                                     ": give the missing one as `key`, or as one of `previous`"};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

Result<bool> EncryptedStore::is_encrypted(const Store& store) {
  return TRY(store.get(keys::key_check)).has_value();
}

Result<std::unique_ptr<EncryptedStore>> EncryptedStore::open_read_only(
    Store& below, std::shared_ptr<Keyring> keys) {
  const std::vector<std::string> given = keys->ids();
  const auto stored = TRY(below.get(keys::key_check));
  std::vector<std::string> found = words_of(stored ? *stored : plain);
  for (const std::string& id : found) {
    if (id != plain && std::ranges::find(given, id) == given.end()) return missing_key(id, *keys);
  }
  std::erase(found, given.front());
  return std::unique_ptr<EncryptedStore>(
      new EncryptedStore(below, std::move(keys), std::move(found)));
}

Result<std::unique_ptr<EncryptedStore>> EncryptedStore::open(Store& below,
                                                             std::shared_ptr<Keyring> keys) {
  auto store = TRY(open_read_only(below, keys));
  if (!store->is_rotating_) return store;
  // Marked before the first value is sealed: from now on the new key is needed as well.
  std::string marker = keys->ids().front();
  for (const std::string& other : store->others_) marker += " " + other;
  WriteBatch batch;
  batch.put(keys::key_check, marker);
  TRY(below.commit(batch));
  log_info("The store is being encrypted with the current key", {{"key", keys->ids().front()}});
  return store;
}

std::string EncryptedStore::reveal(std::string_view key, std::string_view stored) const {
  if (is_plain(key)) return std::string(stored);
  if (auto value = keys_->open(key, stored)) return std::move(*value);
  // Of before the store was encrypted; once it is, nothing plain is believed.
  if (may_be_plain_ && !Keyring::is_sealed(stored)) return std::string(stored);
  return "sealed: " + std::string(stored);  // no frame begins so
}

Result<void> EncryptedStore::rotate(WriteBatch& batch, std::string& reached, bool& is_done) const {
  std::size_t looks = 0;
  std::size_t bytes = 0;
  is_done = true;
  TRY(below_.scan(reached, "\xFF", [&](std::string_view key, std::string_view stored) {
    if (++looks > rotated_looks_per_commit || bytes >= rotated_bytes_per_commit) {
      is_done = false;
      reached = key;
      return false;
    }
    if (is_plain(key) || keys_->is_current(stored)) return true;
    const auto value =
        Keyring::is_sealed(stored) ? keys_->open(key, stored) : std::optional<std::string>(stored);
    if (!value) return true;  // damaged: it stays as it is
    bytes += stored.size();
    batch.put(std::string(key), keys_->seal(key, *value));
    return true;
  }));
  if (is_done) batch.put(keys::key_check, keys_->ids().front());
  return {};
}

void EncryptedStore::seal(WriteBatch& sealed, const WriteBatch& batch) const {
  for (const WriteBatch::Operation& operation : batch.operations()) {
    if (operation.is_erase) {
      sealed.erase(operation.key);
    } else {
      sealed.put(operation.key, is_plain(operation.key)
                                    ? operation.value
                                    : keys_->seal(operation.key, operation.value));
    }
  }
}

Result<void> EncryptedStore::commit(const WriteBatch& batch) {
  WriteBatch sealed;
  bool is_done = false;
  std::string reached = rotated_to_;
  // First, so that what the batch says of a key comes after it.
  if (is_rotating_) TRY(rotate(sealed, reached, is_done));
  seal(sealed, batch);
  auto committed = below_.commit(sealed);
  if (!committed && committed.error().kind == ErrorKind::no_space && is_rotating_) {
    // What is asked for may still have room; the rotation goes on when there is more.
    sealed = {};
    seal(sealed, batch);
    TRY(below_.commit(sealed));
    return {};
  }
  TRY(std::move(committed));
  rotated_to_ = std::move(reached);
  if (is_rotating_ && is_done) {
    is_rotating_ = false;
    log_info(
        "The whole store is encrypted with the current key: previous ones are not needed any more; "
        "what lay in free pages before goes with `sluice buffer compact`",
        {{"key", keys_->ids().front()}});
  }
  return {};
}

void EncryptedStore::tidy() {
  below_.tidy();
  if (!is_rotating_) return;
  if (auto moved = commit({}); !moved)
    log_warning("The store cannot be encrypted further now", {{"reason", moved.error().message}});
}

Result<std::optional<std::string>> EncryptedStore::get(std::string_view key) const {
  auto stored = TRY(below_.get(key));
  if (stored) stored = reveal(key, *stored);
  return stored;
}

Result<void> EncryptedStore::scan(std::string_view first, std::string_view end,
                                  const Visit& visit) const {
  return below_.scan(first, end, [&](std::string_view key, std::string_view stored) {
    return visit(key, reveal(key, stored));
  });
}

Result<void> EncryptedStore::scan_keys(
    std::string_view first, std::string_view end,
    const std::function<bool(std::string_view key)>& visit) const {
  return below_.scan_keys(first, end, visit);
}

Result<std::optional<std::pair<std::string, std::string>>> EncryptedStore::last(
    std::string_view first, std::string_view end) const {
  auto found = TRY(below_.last(first, end));
  if (found) found->second = reveal(found->first, found->second);
  return found;
}

}  // namespace sluice
