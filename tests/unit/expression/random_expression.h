// RandomExpression: expressions from a grammar, of a type that is asked for, so that most of them
// mean something; now and then of another type, so that errors come up too.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace sluice::cel {

class RandomExpression {
 public:
  explicit RandomExpression(std::uint32_t seed) : random_(seed) {}

  std::string next() { return any(4); }

 private:
  std::size_t choose(std::size_t count) { return random_() % count; }
  std::string any(int depth);
  std::string boolean(int depth);
  std::string integer(int depth);
  std::string number(int depth);
  std::string text(int depth);
  std::string list(int depth);
  std::string map(int depth);
  std::string local(const char* fallback);
  std::string in_macro(const std::string& range, const char* macro,
                       std::string (RandomExpression::*body)(int), int depth);

  std::mt19937 random_;  // its sequence is the same everywhere
  std::vector<std::string> locals_;
};

}  // namespace sluice::cel
