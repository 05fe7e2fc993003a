#include "storage/encryption_module.h"

#include <openssl/evp.h>

#include <memory>
#include <string>

namespace sluice {
namespace {

using Module = EncryptionModule;
using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(char* text) { return reinterpret_cast<unsigned char*>(text); }

Module::Sha256 sha256(std::string_view text) {
  Module::Sha256 digest{};
  CHECK(EVP_Digest(text.data(), text.size(), bytes_of(digest.data()), nullptr, EVP_sha256(),
                   nullptr) == 1);
  return digest;
}

void seal(const Module::Seal& with, std::string_view content, char* sealed) {
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  bool is_good =
      context != nullptr && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                                               bytes_of(with.key), bytes_of(with.nonce)) == 1;
  for (const std::string_view text : with.associated) {
    is_good = is_good && EVP_EncryptUpdate(context.get(), nullptr, &written, bytes_of(text),
                                           static_cast<int>(text.size())) == 1;
  }
  is_good = is_good &&
            EVP_EncryptUpdate(context.get(), bytes_of(sealed), &written, bytes_of(content),
                              static_cast<int>(content.size())) == 1 &&
            EVP_EncryptFinal_ex(context.get(), bytes_of(sealed) + content.size(), &written) == 1 &&
            EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, Module::tag_bytes,
                                sealed + content.size()) == 1;
  CHECK(is_good);  // only out of memory remains
}

bool open(const Module::Seal& with, std::string_view sealed, char* content) {
  if (sealed.size() < Module::tag_bytes) return false;
  const std::string_view cipher = sealed.substr(0, sealed.size() - Module::tag_bytes);
  std::string tag(sealed.substr(cipher.size()));
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  bool is_good =
      context != nullptr && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                                               bytes_of(with.key), bytes_of(with.nonce)) == 1;
  for (const std::string_view text : with.associated) {
    is_good = is_good && EVP_DecryptUpdate(context.get(), nullptr, &written, bytes_of(text),
                                           static_cast<int>(text.size())) == 1;
  }
  return is_good &&
         EVP_DecryptUpdate(context.get(), bytes_of(content), &written, bytes_of(cipher),
                           static_cast<int>(cipher.size())) == 1 &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, Module::tag_bytes, tag.data()) ==
             1 &&
         EVP_DecryptFinal_ex(context.get(), bytes_of(content) + cipher.size(), &written) == 1;
}

}  // namespace
}  // namespace sluice

SLUICE_MODULE const sluice::EncryptionModule sluice_module;
const sluice::EncryptionModule sluice_module = {
    {SLUICE_VERSION}, &sluice::sha256, &sluice::seal, &sluice::open};
