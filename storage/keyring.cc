#include "storage/keyring.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <memory>

namespace sluice {
namespace {

constexpr std::string_view magic = "\xE5SLE";
constexpr std::size_t id_bytes = 8;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t header_bytes = 4 + id_bytes + nonce_bytes;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string id_of(std::string_view key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  CHECK(EVP_Digest(key.data(), key.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return {reinterpret_cast<const char*>(digest.data()), id_bytes};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<std::string> Keyring::parse_key(std::string_view text) {
  if (text.size() == key_bytes) return std::string(text);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  std::string key;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) break;
    key.push_back(static_cast<char>(high << 4 | low));
  }
  if (text.size() == 2 * key_bytes && key.size() == key_bytes) return key;
  return Error{
      ErrorKind::bad_config,
      "a key of the store has 32 bytes or 64 hexadecimal digits: openssl rand -hex 32 > FILE"};
}

Keyring::Keyring(std::string current, std::vector<std::string> previous) {
  CHECK(current.size() == key_bytes);
  keys_.push_back({id_of(current), std::move(current)});
  for (std::string& key : previous) {
    CHECK(key.size() == key_bytes);
    keys_.push_back({id_of(key), std::move(key)});
  }
  CHECK(getrandom(nonce_.data(), nonce_.size(), 0) == static_cast<ssize_t>(nonce_.size()));
}

bool Keyring::is_sealed(std::string_view value) {
  return value.size() >= header_bytes + tag_bytes && value.starts_with(magic);
}

bool Keyring::is_current(std::string_view value) const {
  return is_sealed(value) && value.substr(magic.size(), id_bytes) == keys_.front().id;
}

std::vector<std::string> Keyring::ids() const {
  std::vector<std::string> ids;
  for (const Key& key : keys_) {
    std::string& text = ids.emplace_back();
    for (const char c : key.id) {
      constexpr std::string_view digits = "0123456789abcdef";
      text.push_back(digits[static_cast<unsigned char>(c) >> 4]);
      text.push_back(digits[static_cast<unsigned char>(c) & 15]);
    }
  }
  return ids;
}

std::string Keyring::seal(std::string_view record_key, std::string_view value) {
  std::string sealed(magic);
  sealed += keys_.front().id;
  {
    const std::scoped_lock lock(nonce_mutex_);
    for (auto digit = nonce_.rbegin(); digit != nonce_.rend() && ++*digit == 0; ++digit) {
    }
    sealed.append(reinterpret_cast<const char*>(nonce_.data()), nonce_.size());
  }
  const std::string header = sealed;
  sealed.resize(header.size() + value.size() + tag_bytes);
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  int ended = 0;
  const bool is_good =
      context != nullptr &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(keys_[0].bytes),
                         bytes_of(header) + magic.size() + id_bytes) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, bytes_of(record_key),
                        static_cast<int>(record_key.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, bytes_of(header),
                        static_cast<int>(header.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), bytes_of(sealed) + header.size(), &written, bytes_of(value),
                        static_cast<int>(value.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), bytes_of(sealed) + header.size() + written, &ended) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes,
                          bytes_of(sealed) + header.size() + value.size()) == 1;
  CHECK(is_good);  // only out of memory remains
  return sealed;
}

std::optional<std::string> Keyring::open(std::string_view record_key,
                                         std::string_view sealed) const {
  if (!is_sealed(sealed)) return std::nullopt;
  const auto key = std::ranges::find(keys_, sealed.substr(magic.size(), id_bytes), &Key::id);
  if (key == keys_.end()) return std::nullopt;
  const std::string_view header = sealed.substr(0, header_bytes);
  const std::string_view content =
      sealed.substr(header_bytes, sealed.size() - header_bytes - tag_bytes);
  std::string tag(sealed.substr(sealed.size() - tag_bytes));
  std::string value(content.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  int ended = 0;
  const bool is_good =
      context != nullptr &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key->bytes),
                         bytes_of(header) + magic.size() + id_bytes) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, bytes_of(record_key),
                        static_cast<int>(record_key.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, bytes_of(header),
                        static_cast<int>(header.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), bytes_of(value), &written, bytes_of(content),
                        static_cast<int>(content.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), bytes_of(value) + written, &ended) == 1;
  if (!is_good) return std::nullopt;
  return value;
}

}  // namespace sluice
