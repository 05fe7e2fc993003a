// EncryptedStore: a Store whose values are sealed (Keyring) before the one below sees them.
//
//   commit(batch) --seal each value--> [ below ] --open--> get, scan, last
//        '-- and some values that another key sealed, or none: a rotation rides on the commits
//
// Keys stay as they are: they hold numbers and hashes only. A value that does not open is given as
// it lies, which no frame's checksum accepts: it is a damaged record, and goes into quarantine as
// such.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "storage/keyring.h"
#include "storage/store.h"

namespace sluice {

class EncryptedStore final : public Store {
 public:
  // A store that was not encrypted becomes so, and one of another key in `keys` gets the current
  // one, step by step with the commits.
  //   bad_config  none of the keys is the store's
  static Result<std::unique_ptr<EncryptedStore>> open(Store& below, std::shared_ptr<Keyring> keys);
  // For tools: changes nothing.
  static Result<std::unique_ptr<EncryptedStore>> open_read_only(Store& below,
                                                                std::shared_ptr<Keyring> keys);

  // What is_encrypted() means for a store that is opened without keys: it must not be.
  static Result<bool> is_encrypted(const Store& store);

  Result<void> commit(const WriteBatch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) const override;
  Result<void> scan(std::string_view first, std::string_view end,
                    const Visit& visit) const override;
  Result<void> scan_keys(std::string_view first, std::string_view end,
                         const std::function<bool(std::string_view key)>& visit) const override;
  Result<std::optional<std::pair<std::string, std::string>>> last(
      std::string_view first, std::string_view end) const override;
  StoreUsage usage() const override { return below_.usage(); }
  void tidy() override;

  // Values of another key, or of none, may still be there. Any thread.
  bool is_rotating() const { return is_rotating_; }

 private:
  EncryptedStore(Store& below, std::shared_ptr<Keyring> keys, std::vector<std::string> others)
      : below_(below),
        keys_(std::move(keys)),
        others_(std::move(others)),
        may_be_plain_(std::ranges::find(others_, "plain") != others_.end()),
        is_rotating_(!others_.empty()) {}

  std::string reveal(std::string_view key, std::string_view stored) const;
  void seal(WriteBatch& sealed, const WriteBatch& batch) const;
  Result<void> rotate(WriteBatch& batch, std::string& reached, bool& is_done) const;

  Store& below_;
  const std::shared_ptr<Keyring> keys_;
  const std::vector<std::string> others_;  // what values may be sealed with beside the current key
  const bool may_be_plain_;        // until the next start: readers on other threads look at it
  std::atomic<bool> is_rotating_;  // changed by the engine thread
  std::string rotated_to_;         // engine thread only
};

}  // namespace sluice
