// What the module `encryption` exports: all that needs OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "core/module.h"

namespace sluice {

struct EncryptionModule {
  static constexpr const char* name = "encryption";
  static constexpr std::size_t key_bytes = 32;
  static constexpr std::size_t nonce_bytes = 12;
  static constexpr std::size_t tag_bytes = 16;
  using Sha256 = std::array<char, 32>;

  // AES-256-GCM (NIST SP 800-38D). The tag covers `associated` texts, one after the other, and the
  // content.
  struct Seal {
    std::string_view key;    // key_bytes
    std::string_view nonce;  // nonce_bytes; never used twice with one key
    std::array<std::string_view, 2> associated;
  };

  ModuleHeader header;
  // Any thread, all three.
  Sha256 (*sha256)(std::string_view text);
  // Writes content.size() bytes to `sealed`, then the tag.
  void (*seal)(const Seal& with, std::string_view content, char* sealed);
  // Writes sealed.size() - tag_bytes bytes to `content`. False: it was not sealed so, or was
  // changed since.
  bool (*open)(const Seal& with, std::string_view sealed, char* content);
};

}  // namespace sluice
