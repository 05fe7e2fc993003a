#include "packaging/firstboot/device_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <vector>

namespace sluice {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_REQ* request) const { X509_REQ_free(request); }
};
using Memory = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Request = std::unique_ptr<X509_REQ, Free>;

std::string text_of(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

Result<Key> parse_key(const std::string& pem) {
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  if (key) return key;
  return Error{ErrorKind::corrupt,
               "/etc/sluice/device.key is no private key; remove it and a new one is made"};
}

}  // namespace

std::string make_device_key() {
  const Key key(EVP_EC_gen("P-256"));
  const Memory memory(BIO_new(BIO_s_mem()));
  CHECK(key && memory);
  CHECK(PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) == 1);
  return text_of(memory.get());
}

Result<std::string> certificate_request(const std::string& private_pem, const std::string& id) {
  const Key key = TRY(parse_key(private_pem));
  const Request request(X509_REQ_new());
  const Memory memory(BIO_new(BIO_s_mem()));
  CHECK(request && memory);
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  const bool is_made = X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                                  reinterpret_cast<const unsigned char*>(id.data()),
                                                  static_cast<int>(id.size()), -1, 0) == 1 &&
                       X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                       X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0 &&
                       PEM_write_bio_X509_REQ(memory.get(), request.get()) == 1;
  if (is_made) return text_of(memory.get());
  return Error{ErrorKind::corrupt,
               "no certificate request can be made with /etc/sluice/device.key"};
}

Result<std::string> key_fingerprint(const std::string& private_pem) {
  const Key key = TRY(parse_key(private_pem));
  unsigned char* encoded = nullptr;
  const int size = i2d_PUBKEY(key.get(), &encoded);
  CHECK(size > 0);
  std::array<unsigned char, 32> hash{};
  CHECK(EVP_Digest(encoded, static_cast<std::size_t>(size), hash.data(), nullptr, EVP_sha256(),
                   nullptr) == 1);
  OPENSSL_free(encoded);
  std::array<unsigned char, 45> text{};  // base64 of 32 bytes, and a zero
  EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash.size()));
  return "SHA256:" + std::string(reinterpret_cast<const char*>(text.data()));
}

}  // namespace sluice
