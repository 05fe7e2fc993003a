#include "pipelines/windows/emit_text.h"

#include <string>

namespace sluice {
namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

EmitText::Part part_between(std::string_view text, std::size_t begin, std::size_t end) {
  while (begin < end && blanks.find(text[begin]) != std::string_view::npos) ++begin;
  while (end > begin && blanks.find(text[end - 1]) != std::string_view::npos) --end;
  return {text.substr(begin, end - begin), begin};
}

// The offset behind the CEL string literal that starts with the quote at `at`; the end of the text
// when it is not closed: the expression's own parser then says so.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const bool is_raw = at > 0 && (text[at - 1] == 'r' || text[at - 1] == 'R');
  const char quote = text[at];
  const std::string_view triple = text.substr(at, 3);
  const bool is_triple = triple.size() == 3 && triple[1] == quote && triple[2] == quote;
  const std::string_view closing = text.substr(at, is_triple ? 3 : 1);
  at += closing.size();
  while (at < text.size()) {
    if (text.substr(at, closing.size()) == closing) return at + closing.size();
    at += text[at] == '\\' && !is_raw ? 2 : 1;
  }
  return text.size();
}

// Splits at the commas outside of brackets and strings, up to the parenthesis that closes `open`.
// Gives the offset of that parenthesis, or npos.
std::size_t split(std::string_view text, std::size_t open, std::vector<EmitText::Part>& parts) {
  int depth = 0;
  std::size_t begin = open + 1;
  for (std::size_t at = begin; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = skip_string(text, at);
      continue;
    }
    if (c == '(' || c == '[' || c == '{') ++depth;
    const bool closes = c == ')' || c == ']' || c == '}';
    const bool is_last = closes && depth == 0;
    if (closes) --depth;
    if (is_last || (c == ',' && depth == 0)) {
      parts.push_back(part_between(text, begin, at));
      begin = at + 1;
    }
    if (is_last) return c == ')' ? at : std::string_view::npos;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

std::variant<EmitText, StepError> parse_emit(std::string_view text) {
  EmitText emit;
  std::size_t at = part_between(text, 0, text.size()).offset;
  const std::size_t begin = at;
  while (at < text.size() && is_name_char(text[at])) ++at;
  emit.name = {text.substr(begin, at - begin), begin};
  if (emit.name.text.empty()) {
    return StepError{{}, begin, "an aggregate is missing; write for example avg(data.temperature)"};
  }
  const std::size_t open = text.find_first_not_of(blanks, at);
  if (open == std::string_view::npos || text[open] != '(') {
    return StepError{{},
                     open == std::string_view::npos ? text.size() : open,
                     "'(' is missing after " + quoted(emit.name.text)};
  }
  emit.end = split(text, open, emit.arguments);
  if (emit.end == std::string_view::npos) {
    return StepError{{}, open, "this '(' has no ')'"};
  }
  const EmitText::Part after = part_between(text, emit.end + 1, text.size());
  constexpr std::string_view word = "where";
  const bool has_where = after.text.starts_with(word) && (after.text.size() == word.size() ||
                                                          !is_name_char(after.text[word.size()]));
  if (!after.text.empty() && !has_where) {
    return StepError{{},
                     after.offset,
                     "only 'where' and a condition may follow the aggregate; calculate with its "
                     "result in a map step"};
  }
  if (has_where) {
    emit.where = part_between(text, after.offset + word.size(), text.size());
    if (emit.where->text.empty()) {
      return StepError{
          {},
          text.size(),
          "a condition is missing after 'where', as in avg(data.t) where data.t > 0.0"};
    }
  }
  if (emit.arguments.size() == 1 && emit.arguments.front().text.empty()) emit.arguments.clear();
  return emit;
}

}  // namespace sluice
