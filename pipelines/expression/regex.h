// A regular expression in RE2's syntax: linear time in the text, bounded memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sluice::cel {

constexpr std::size_t max_pattern_bytes = 1000;

class Regex {
 public:
  explicit Regex(std::string_view pattern);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  const std::string& error() const { return error_; }  // empty: the pattern is well formed
  // Whether the pattern is found anywhere in `text`. Any thread.
  bool matches(std::string_view text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string error_;
};

}  // namespace sluice::cel
