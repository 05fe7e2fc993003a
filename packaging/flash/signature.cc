#include "packaging/flash/signature.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t algorithm_bytes = 2;
constexpr std::size_t id_bytes = 8;
constexpr std::size_t signature_bytes = 64;
constexpr std::size_t hash_bytes = 64;
constexpr std::string_view trusted_prefix = "trusted comment: ";

using Bytes = std::vector<unsigned char>;

Error not_signed(const std::string& message) { return Error{ErrorKind::bad_input, message}; }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// Exactly `size` bytes, or nothing.
Bytes decode_base64(std::string_view text, std::size_t size) {
  if (text.size() != (size + 2) / 3 * 4) return {};
  Bytes bytes(text.size() / 4 * 3);
  const int decoded =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (decoded < 0) return {};
  bytes.resize(size);  // the block is filled up with zeros
  return bytes;
}

std::array<unsigned char, hash_bytes> blake2b_of(std::string_view message) {
  std::array<unsigned char, hash_bytes> hash{};
  CHECK(EVP_Digest(message.data(), message.size(), hash.data(), nullptr, EVP_blake2b512(),
                   nullptr) == 1);
  return hash;
}

bool is_signed(const unsigned char* message, std::size_t size, const unsigned char* signature,
               const PublicKey& key) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.key.data(), key.key.size()),
      &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  return public_key && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature, signature_bytes, message, size) == 1;
}

struct SignatureFile {
  Bytes signature;  // algorithm, key id, signature
  std::string_view trusted_comment;
  Bytes global;
};

Result<SignatureFile> parse_signature(std::string_view text) {
  const auto lines = lines_of(text);
  SignatureFile file;
  if (lines.size() >= 4 && lines[2].starts_with(trusted_prefix)) {
    file.signature = decode_base64(lines[1], algorithm_bytes + id_bytes + signature_bytes);
    file.trusted_comment = lines[2].substr(trusted_prefix.size());
    file.global = decode_base64(lines[3], signature_bytes);
  }
  if (file.signature.empty() || file.global.empty())
    return not_signed("it is no minisign signature");
  if (file.signature[0] == 'E' && file.signature[1] == 'd') {
    return not_signed(
        "it was made without prehash (minisign -l); sign again with minisign 0.10 or later");
  }
  if (file.signature[0] != 'E' || file.signature[1] != 'D') {
    return not_signed("it uses an unknown algorithm");
  }
  return file;
}

}  // namespace

std::string PublicKey::id_text() const {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = id.size(); i-- > 0;) {  // minisign prints a little-endian number
    text += digits[id[i] >> 4];
    text += digits[id[i] & 15];
  }
  text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
  return text;
}

Result<PublicKey> parse_public_key(std::string_view text) {
  PublicKey key;
  for (const std::string_view line : lines_of(text)) {
    const Bytes bytes = decode_base64(line, algorithm_bytes + id_bytes + key.key.size());
    if (bytes.empty() || bytes[0] != 'E' || bytes[1] != 'd') continue;
    std::copy_n(bytes.begin() + algorithm_bytes, id_bytes, key.id.begin());
    std::copy_n(bytes.begin() + algorithm_bytes + id_bytes, key.key.size(), key.key.begin());
    return key;
  }
  return not_signed("it is no minisign public key");
}

Result<std::string> verify_signature(std::string_view message, std::string_view signature,
                                     const PublicKey& key) {
  const SignatureFile file = TRY(parse_signature(signature));
  PublicKey signer;
  std::copy_n(file.signature.begin() + algorithm_bytes, id_bytes, signer.id.begin());
  if (signer.id != key.id) {
    return not_signed("it was made with key " + signer.id_text() + ", not with " + key.id_text());
  }
  const unsigned char* bytes = file.signature.data() + algorithm_bytes + id_bytes;
  const auto hash = blake2b_of(message);
  if (!is_signed(hash.data(), hash.size(), bytes, key)) {
    return not_signed("it is not of this file: the file or the signature was changed");
  }
  Bytes global(bytes, bytes + signature_bytes);
  global.insert(global.end(), file.trusted_comment.begin(), file.trusted_comment.end());
  if (!is_signed(global.data(), global.size(), file.global.data(), key)) {
    return not_signed("its trusted comment was changed");
  }
  return std::string(file.trusted_comment);
}

}  // namespace sluice
