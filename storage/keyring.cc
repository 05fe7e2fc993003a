#include "storage/keyring.h"

#include <sys/random.h>

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view magic = "\xE5SLE";
constexpr std::size_t id_bytes = 8;
constexpr std::size_t nonce_bytes = EncryptionModule::nonce_bytes;
constexpr std::size_t tag_bytes = EncryptionModule::tag_bytes;
constexpr std::size_t header_bytes = 4 + id_bytes + nonce_bytes;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view nonce_of(std::string_view header) {
  return header.substr(magic.size() + id_bytes, nonce_bytes);
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

Result<std::shared_ptr<Keyring>> Keyring::make(std::string current,
                                               std::vector<std::string> previous) {
  const EncryptionModule* const cipher = TRY(load_module<EncryptionModule>());
  return std::shared_ptr<Keyring>(new Keyring(*cipher, std::move(current), std::move(previous)));
}

Keyring::Keyring(const EncryptionModule& cipher, std::string current,
                 std::vector<std::string> previous)
    : cipher_(cipher) {
  const auto add = [this](std::string key) {
    CHECK(key.size() == key_bytes);
    const EncryptionModule::Sha256 digest = cipher_.sha256(key);
    keys_.push_back({std::string(digest.data(), id_bytes), std::move(key)});
  };
  add(std::move(current));
  for (std::string& key : previous) add(std::move(key));
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
  sealed.resize(header_bytes + value.size() + tag_bytes);
  cipher_.seal({keys_.front().bytes, nonce_of(header), {record_key, header}}, value,
               sealed.data() + header_bytes);
  return sealed;
}

std::optional<std::string> Keyring::open(std::string_view record_key,
                                         std::string_view sealed) const {
  if (!is_sealed(sealed)) return std::nullopt;
  const auto key = std::ranges::find(keys_, sealed.substr(magic.size(), id_bytes), &Key::id);
  if (key == keys_.end()) return std::nullopt;
  const std::string_view header = sealed.substr(0, header_bytes);
  std::string value(sealed.size() - header_bytes - tag_bytes, '\0');
  if (!cipher_.open({key->bytes, nonce_of(header), {record_key, header}},
                    sealed.substr(header_bytes), value.data())) {
    return std::nullopt;
  }
  return value;
}

}  // namespace sluice
