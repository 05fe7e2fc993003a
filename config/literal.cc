#include "config/literal.h"

#include "config/characters.h"

namespace sluice {
namespace {

bool is_multi_line(std::string_view text) {
  return text.starts_with("\"\"\"") || text.starts_with("'''");
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Walks over a literal, keeping the position.
class Walker {
 public:
  Walker(std::string_view rest, Position position) : rest_(rest), position_(position) {}

  std::string_view rest() const { return rest_; }
  Position position() const { return position_; }

  void skip_character() {
    const std::string_view character = take_character(rest_);
    if (character == "\n") {
      ++position_.line;
      position_.column = 1;
    } else {
      ++position_.column;
    }
  }
  void skip_characters(std::size_t count) {
    for (; count > 0 && !rest_.empty(); --count) skip_character();
  }
  void skip_line_end() {
    if (rest_.starts_with("\r\n")) skip_character();
    if (rest_.starts_with("\n")) skip_character();
  }
  void skip_spaces() {
    while (!rest_.empty() && is_space(rest_.front())) skip_character();
  }

 private:
  std::string_view rest_;
  Position position_;
};

// A backslash as the last thing on its line: it and all white space after it are not in the value.
bool is_line_continuation(std::string_view escape) {
  const std::size_t next = escape.find_first_not_of(" \t\r", 1);
  return next != std::string_view::npos && escape[next] == '\n';
}

std::size_t escape_characters(std::string_view escape) {
  if (escape.starts_with("\\u")) return 6;
  if (escape.starts_with("\\U")) return 10;
  return 2;
}

}  // namespace

std::size_t literal_length(std::string_view text) {
  const char quote = text.front();
  const std::size_t quotes = is_multi_line(text) ? 3 : 1;
  std::size_t at = quotes;
  while (at < text.size()) {
    if (quotes == 1 && text[at] == '\n') return at;
    if (text[at] == '\\' && quote == '"') {
      at += 2;
      continue;
    }
    if (text.substr(at, quotes) != text.substr(0, quotes)) {
      ++at;
      continue;
    }
    at += quotes;
    // One or two quotes may stand directly before the three that close.
    for (int extra = 0; quotes == 3 && extra < 2 && at < text.size() && text[at] == quote;
         ++extra) {
      ++at;
    }
    return at;
  }
  return text.size();
}

Position position_in_literal(std::string_view literal, std::string_view value, Position start,
                             std::size_t offset) {
  const std::size_t quotes = is_multi_line(literal) ? 3 : 1;
  const bool has_escapes = literal.starts_with('"');
  if (literal.size() < 2 * quotes) return start;
  Walker walker(literal.substr(0, literal.size() - quotes), start);
  walker.skip_characters(quotes);
  if (quotes == 3) walker.skip_line_end();
  while (true) {
    while (quotes == 3 && has_escapes && walker.rest().starts_with('\\') &&
           is_line_continuation(walker.rest())) {
      walker.skip_character();
      walker.skip_spaces();
    }
    if (walker.rest().empty() || value.empty()) return walker.position();
    // One character of the value, however it is written; the parser may make "\r\n" a "\n".
    const std::size_t bytes = take_character(value).size();
    if (offset < bytes) return walker.position();
    offset -= bytes;
    if (has_escapes && walker.rest().starts_with('\\')) {
      walker.skip_characters(escape_characters(walker.rest()));
    } else if (walker.rest().starts_with("\r\n") && (value.empty() || value.front() != '\n')) {
      walker.skip_line_end();
    } else {
      walker.skip_character();
    }
  }
}

}  // namespace sluice
