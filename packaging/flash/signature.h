// Signatures in minisign's format: Ed25519 over the file's BLAKE2b-512 hash, and over the comment
// that the signer trusts.
//
//   untrusted comment: signature from minisign secret key
//   base64("ED", key id (8), signature of the hash (64))
//   trusted comment: sluice 0.1.0 amd64
//   base64(signature of the first signature and the trusted comment (64))
//
// https://jedisct1.github.io/minisign/#signature-format
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

struct PublicKey {
  std::array<unsigned char, 8> id{};
  std::array<unsigned char, 32> key{};

  std::string id_text() const;  // as minisign prints it
};

// A minisign.pub file: a comment and one line of base64, or that line alone.
//   bad_input  it is none
Result<PublicKey> parse_public_key(std::string_view text);

// Gives the trusted comment. Signatures without prehash ("Ed", minisign -l) are refused.
//   bad_input  it is no signature, of another key, or not of this message; the message says which
Result<std::string> verify_signature(std::string_view message, std::string_view signature,
                                     const PublicKey& key);

}  // namespace sluice
