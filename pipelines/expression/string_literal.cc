#include "pipelines/expression/string_literal.h"

#include <cstdint>
#include <optional>

#include "pipelines/expression/utf8.h"

namespace sluice::cel {
namespace {

struct Prefix {
  std::size_t size = 0;
  bool is_raw = false;
  bool is_bytes = false;
};

Prefix read_prefix(std::string_view source) {
  Prefix prefix;
  for (; prefix.size < source.size(); ++prefix.size) {
    const char c = source[prefix.size];
    bool& flag = c == 'r' || c == 'R' ? prefix.is_raw : prefix.is_bytes;
    if ((c != 'r' && c != 'R' && c != 'b' && c != 'B') || flag) break;
    flag = true;
  }
  return prefix;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

// The value of `count` digits to `base` at the front of `text`.
std::optional<std::uint32_t> read_digits(std::string_view text, std::size_t count, int base) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = digit_of(text[i]);
    if (digit >= base) return std::nullopt;
    number = number * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
  }
  return number;
}

struct Escape {
  std::size_t size = 0;  // bytes after the backslash; 0: not an escape
  std::uint32_t code = 0;
  bool is_byte = false;  // in a bytes literal: one byte, not the UTF-8 of a code point
};

std::optional<char> simple_escape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '?':
    case '"':
    case '\'':
    case '`':
      return c;
    default:
      return std::nullopt;
  }
}

// `text` starts after the backslash.
Escape read_escape(std::string_view text, bool is_bytes) {
  if (text.empty()) return {};
  const char c = text.front();
  if (const auto plain = simple_escape(c)) return {1, static_cast<std::uint32_t>(*plain), false};
  std::size_t digits = 0;
  if (c == 'x' || c == 'X') {
    digits = 2;
  } else if (!is_bytes && c == 'u') {
    digits = 4;
  } else if (!is_bytes && c == 'U') {
    digits = 8;
  } else if (c >= '0' && c <= '3') {
    const auto code = read_digits(text, 3, 8);
    return code ? Escape{3, *code, is_bytes} : Escape{};
  }
  const auto code = digits == 0 ? std::nullopt : read_digits(text.substr(1), digits, 16);
  if (!code || !is_code_point(*code)) return {};
  return {digits + 1, *code, is_bytes};
}

}  // namespace

bool starts_string_literal(std::string_view source) {
  const std::size_t size = read_prefix(source).size;
  return size < source.size() && (source[size] == '"' || source[size] == '\'');
}

StringLiteral read_string_literal(std::string_view source, Arena& arena) {
  const Prefix prefix = read_prefix(source);
  const char quote = source[prefix.size];
  const std::string_view triple = quote == '"' ? "\"\"\"" : "'''";
  const bool is_triple = source.substr(prefix.size).starts_with(triple);
  const std::string_view closing = is_triple ? triple : triple.substr(0, 1);

  StringLiteral literal;
  const auto fail = [&](std::size_t at, std::string message) {
    literal.error = std::move(message);
    literal.error_offset = at;
    return literal;
  };
  std::string text;
  std::size_t at = prefix.size + closing.size();
  while (true) {
    const std::string_view rest = source.substr(at);
    if (rest.empty()) return fail(0, "this text is not closed: its end quote is missing");
    if (rest.starts_with(closing)) break;
    const char c = rest.front();
    if (!is_triple && (c == '\n' || c == '\r')) {
      return fail(0, "this text is not closed before the end of the line");
    }
    if (c != '\\') {
      text.push_back(c);
      ++at;
    } else if (prefix.is_raw) {
      // In a raw text a backslash stands for itself, and the quote after it does not end the text.
      const std::size_t size = rest.size() > 1 ? 2 : 1;
      text.append(rest.substr(0, size));
      at += size;
    } else {
      const Escape escape = read_escape(rest.substr(1), prefix.is_bytes);
      if (escape.size == 0) {
        return fail(at, "'" + std::string(rest.substr(0, 2)) +
                            "' is no escape of CEL here; write \\\\ for a backslash");
      }
      if (escape.is_byte) {
        text.push_back(static_cast<char>(escape.code));
      } else {
        append_code_point(text, escape.code);
      }
      at += escape.size + 1;
    }
  }
  literal.size = at + closing.size();
  const std::string_view kept = arena.copy(std::string_view(text));
  literal.value = prefix.is_bytes ? Value::bytes(kept) : Value::string(kept);
  return literal;
}

}  // namespace sluice::cel
