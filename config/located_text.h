// Texts that remember where they stand in the file, so that a fault found later, when an expression
// is compiled or a name looked up, is reported there.
//
//   for (const ExpressionError& error : errors)
//     diagnostics.error(filter.position_of(error.offset), filter.path(), error.message);
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/diagnostics.h"

namespace sluice {

struct Node;

class LocatedText {
 public:
  LocatedText() = default;
  explicit LocatedText(std::string_view text) : text_(text) {}  // a default: nowhere in the file
  explicit LocatedText(const Node& string);

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  const std::string& path() const { return path_; }

  // Where the text's byte `offset` is written, through escapes and over lines; an offset at or
  // beyond the end gives the closing quote. Unknown for a default.
  Position position_of(std::size_t offset) const;
  Position position() const { return start_; }  // of the opening quote

 private:
  std::string text_;
  std::string literal_;  // as in the file, with its quotes
  std::string path_;
  Position start_;
};

// A CEL expression, not compiled yet.
class ExpressionText : public LocatedText {
 public:
  using LocatedText::LocatedText;
};

}  // namespace sluice
