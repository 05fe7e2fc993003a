// Sha256: a checksum over bytes that come in pieces.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace sluice {

class Sha256 {
 public:
  Sha256();

  void update(std::span<const char> bytes);
  // 64 hexadecimal digits of all bytes so far; begins anew.
  std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256_of(std::string_view bytes);

}  // namespace sluice
