#include "pipelines/expression/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "pipelines/expression/numbers.h"
#include "pipelines/expression/string_literal.h"
#include "pipelines/expression/utf8.h"

namespace sluice::cel {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_word_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_word(char c) { return is_word_start(c) || is_digit(c); }
constexpr bool is_quoted_word(char c) {
  return is_word(c) || c == '.' || c == '-' || c == '/' || c == ' ';
}

// Longer ones first: "<=" is not "<" and "=".
constexpr std::array<std::string_view, 25> symbols{
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/",
    "%",  "?",  ":",  ",",  ".",  "(",  ")", "[", "]", "{", "}", "="};

class Lexer {
 public:
  Lexer(std::string_view source, Arena& arena, std::vector<ExpressionError>& errors)
      : source_(source), arena_(arena), errors_(errors) {}

  std::vector<Token> read() {
    std::vector<Token> tokens;
    while (true) {
      skip_space();
      Token token;
      token.offset = at_;
      if (at_ < source_.size() && !read_token(token)) token.kind = TokenKind::end;
      tokens.push_back(token);
      if (token.kind == TokenKind::end) return tokens;
    }
  }

 private:
  std::string_view rest() const { return source_.substr(at_); }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  bool fail(std::size_t offset, std::string message) {
    errors_.push_back({offset, std::move(message)});
    return false;
  }

  void skip_space() {
    while (at_ < source_.size()) {
      if (rest().starts_with("//")) {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else if (std::string_view(" \t\n\f\r").find(peek()) == std::string_view::npos) {
        return;
      } else {
        ++at_;
      }
    }
  }

  bool read_token(Token& token) {
    if (starts_string_literal(rest())) return read_text(token);
    if (is_word_start(peek())) return take(token, TokenKind::name, is_word);
    if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) return read_number(token);
    if (peek() == '`') return read_quoted_name(token);
    for (const std::string_view symbol : symbols) {
      if (!rest().starts_with(symbol)) continue;
      token.kind = TokenKind::symbol;
      token.text = symbol;
      at_ += symbol.size();
      return true;
    }
    return fail(at_, "'" + std::string(rest().substr(0, code_point_size(rest()))) +
                         "' has no meaning in an expression");
  }

  template <typename Belongs>
  bool take(Token& token, TokenKind kind, Belongs belongs) {
    const std::size_t start = at_;
    while (at_ < source_.size() && belongs(source_[at_])) ++at_;
    token.kind = kind;
    token.text = source_.substr(start, at_ - start);
    return true;
  }

  bool read_text(Token& token) {
    const StringLiteral literal = read_string_literal(rest(), arena_);
    if (!literal.error.empty()) return fail(at_ + literal.error_offset, literal.error);
    token.kind = TokenKind::literal;
    token.text = source_.substr(at_, literal.size);
    token.value = literal.value;
    at_ += literal.size;
    return true;
  }

  bool read_quoted_name(Token& token) {
    const std::size_t start = at_++;
    take(token, TokenKind::quoted_name, is_quoted_word);
    if (peek() != '`' || token.text.empty()) {
      return fail(start, "a name in back quotes has letters, digits and _ . - / and blanks only");
    }
    ++at_;
    return true;
  }

  bool read_number(Token& token) {
    const std::size_t start = at_;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at_ += 2;
      const std::size_t digits = at_;
      while (is_hex_digit(peek())) ++at_;
      return finish_integer(token, start, source_.substr(digits, at_ - digits), 16);
    }
    skip_digits();
    bool is_double = false;
    if (peek() == '.' && is_digit(peek(1))) {
      is_double = true;
      ++at_;
      skip_digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (is_digit(peek(1 + sign))) {
        is_double = true;
        at_ += 1 + sign;
        skip_digits();
      }
    }
    if (!is_double) return finish_integer(token, start, source_.substr(start, at_ - start), 10);
    return finish_double(token, start);
  }

  void skip_digits() {
    while (is_digit(peek())) ++at_;
  }

  bool finish_double(Token& token, std::size_t start) {
    token.kind = TokenKind::literal;
    token.text = source_.substr(start, at_ - start);
    token.value = Value::number(parse_double(token.text).value_or(0));
    return end_number(start);
  }

  bool finish_integer(Token& token, std::size_t start, std::string_view digits, int base) {
    const auto [end, status] =
        std::from_chars(digits.data(), digits.data() + digits.size(), token.magnitude, base);
    if (status != std::errc{} || end != digits.data() + digits.size()) {
      return fail(start, "'" + std::string(source_.substr(start, at_ - start)) +
                             "' is not a number that fits in 64 bits");
    }
    token.kind = TokenKind::integer;
    if (peek() == 'u' || peek() == 'U') {
      ++at_;
      token.kind = TokenKind::literal;
      token.value = Value::uinteger(token.magnitude);
    }
    token.text = source_.substr(start, at_ - start);
    return end_number(start);
  }

  // "22C" is a slip of the pen, not a number and a name.
  bool end_number(std::size_t start) {
    if (!is_word(peek())) return true;
    while (is_word(peek())) ++at_;
    return fail(start, "'" + std::string(source_.substr(start, at_ - start)) + "' is not a number");
  }

  std::string_view source_;
  Arena& arena_;
  std::vector<ExpressionError>& errors_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> read_tokens(std::string_view source, Arena& arena,
                               std::vector<ExpressionError>& errors) {
  return Lexer(source, arena, errors).read();
}

}  // namespace sluice::cel
