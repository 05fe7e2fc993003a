#include "config/located_text.h"

#include "config/literal.h"
#include "config/node.h"

namespace sluice {

LocatedText::LocatedText(const Node& string)
    : text_(string.text),
      literal_(string.literal),
      path_(string.path()),
      start_(string.value.begin) {}

Position LocatedText::position_of(std::size_t offset) const {
  return start_.is_known() ? position_in_literal(literal_, text_, start_, offset) : start_;
}

}  // namespace sluice
