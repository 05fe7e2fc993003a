// The box's own key: made on the box, so that it never was anywhere else.
#pragma once

#include <string>

#include "core/result.h"

namespace sluice {

// PKCS #8 as PEM; P-256, which TLS peers everywhere accept.
std::string make_device_key();

// A certificate request with the id as its common name (RFC 2986), as PEM.
//   corrupt  the key cannot be read
Result<std::string> certificate_request(const std::string& private_pem, const std::string& id);

// "SHA256:" and the base64 of the public key's hash, as RFC 7469 section 2.4 pins it.
//   corrupt  the key cannot be read
Result<std::string> key_fingerprint(const std::string& private_pem);

}  // namespace sluice
