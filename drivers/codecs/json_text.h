// JSON as text: what has to be known about bytes without a parser's tree.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Walks the elements of a JSON array without parsing them. The text must be valid JSON and its
// first character after white space a '['.
class ArrayElements {
 public:
  explicit ArrayElements(std::string_view valid_array);
  // The next element's text, without white space around it; {} after the last.
  std::string_view next();

 private:
  std::string_view rest_;
};

// Copies `json` to `out` and gives each integer that does not fit 64 bits a fraction of zero, so
// that a parser which refuses such an integer reads it as a double. False: there was none.
bool append_wide_integers_as_doubles(std::string_view json, std::string& out);

// Where `json` stops being JSON, for an error message: the offset of the first byte that cannot
// stand there (json.size(): it ends too early). Slow; only for text that a parser has refused.
//   npos  it is well formed; what the parser refused is a value (an unpaired surrogate, 1e999)
std::size_t find_syntax_error(std::string_view json);

}  // namespace sluice
