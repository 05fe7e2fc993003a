// Keyring: the keys that values of an encrypted store are sealed with.
//
//   magic (4) | key id (8) | nonce (12) | AES-256-GCM ciphertext | tag (16)
//
// The tag covers the record's key in the store and the header as well: a value that was changed, or
// lies under another key, does not open. The id is the start of the key's SHA-256 (NIST SP 800-38D
// for GCM; nonces count up from a random start, none is used twice).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/encryption_module.h"

namespace sluice {

class Keyring {
 public:
  static constexpr std::size_t key_bytes = EncryptionModule::key_bytes;

  // A key as it stands in a file: 32 bytes, or 64 hexadecimal digits.
  //   bad_config  it is no key
  static Result<std::string> parse_key(std::string_view text);

  // `current` seals; `previous` are tried for what it did not seal. Each has 32 bytes.
  //   try_later  the module `encryption` cannot be loaded
  static Result<std::shared_ptr<Keyring>> make(std::string current,
                                               std::vector<std::string> previous);

  // Any thread.
  std::string seal(std::string_view record_key, std::string_view value);
  // Nothing: it was not sealed by one of the keys, or was changed since.
  std::optional<std::string> open(std::string_view record_key, std::string_view sealed) const;

  static bool is_sealed(std::string_view value);
  bool is_current(std::string_view value) const;
  // Of all keys, the current one first: 16 hexadecimal digits each.
  std::vector<std::string> ids() const;

 private:
  struct Key {
    std::string id;
    std::string bytes;
  };
  Keyring(const EncryptionModule& cipher, std::string current, std::vector<std::string> previous);

  const EncryptionModule& cipher_;
  std::vector<Key> keys_;  // constant after construction; the current one first
  std::mutex nonce_mutex_;
  std::array<unsigned char, EncryptionModule::nonce_bytes> nonce_{};  // guarded by nonce_mutex_
};

}  // namespace sluice
