#include "pipelines/expression/regex.h"

#include <re2/re2.h>

namespace sluice::cel {
namespace {

RE2::Options options() {
  RE2::Options made;
  made.set_log_errors(false);
  made.set_max_mem(1 << 20);
  return made;
}

}  // namespace

struct Regex::Impl {
  explicit Impl(std::string_view pattern)
      : regex(re2::StringPiece(pattern.data(), pattern.size()), options()) {}
  RE2 regex;
};

Regex::Regex(std::string_view pattern) {
  if (pattern.size() > max_pattern_bytes) {
    error_ = "longer than " + std::to_string(max_pattern_bytes) + " bytes";
    return;
  }
  impl_ = std::make_unique<Impl>(pattern);
  if (!impl_->regex.ok()) error_ = impl_->regex.error();
}

Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

bool Regex::matches(std::string_view text) const {
  return impl_->regex.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                            RE2::UNANCHORED, nullptr, 0);
}

}  // namespace sluice::cel
