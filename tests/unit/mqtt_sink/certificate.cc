#include "tests/unit/mqtt_sink/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/result.h"

namespace sluice {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;

void add_extension(X509* certificate, int kind, const std::string& value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str()));
  CHECK(extension != nullptr);
  CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

}  // namespace

Certificate::Certificate(const std::string& host) {
  std::string folder = std::filesystem::temp_directory_path() / "mqtt-sink-tls-XXXXXX";
  CHECK(mkdtemp(folder.data()) != nullptr);
  folder_ = folder;

  const Key key(EVP_EC_gen("P-256"));
  CHECK(key != nullptr);
  const X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), NID_subject_alt_name, "DNS:" + host);
  CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);

  const File certificate_pem(std::fopen(certificate_file().c_str(), "w"));
  const File key_pem(std::fopen(key_file().c_str(), "w"));
  CHECK(PEM_write_X509(certificate_pem.get(), certificate.get()) == 1);
  CHECK(PEM_write_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

Certificate::~Certificate() { std::filesystem::remove_all(folder_); }

}  // namespace sluice
