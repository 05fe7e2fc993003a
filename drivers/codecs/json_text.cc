#include "drivers/codecs/json_text.h"

#include <charconv>
#include <cstdint>
#include <vector>

#include "core/value.h"

namespace sluice {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string_view trim_front(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view trim_back(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The offset just after the string that starts at `start` with its quote; text.size() when it
// does not end.
std::size_t skip_string(std::string_view text, std::size_t start) {
  for (std::size_t i = start + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

// Checks RFC 8259's grammar with a stack of its own: hostile nesting costs heap, not stack.
class SyntaxCheck {
 public:
  explicit SyntaxCheck(std::string_view json) : json_(json) {}

  std::size_t run() {
    if (!value()) return at_;
    while (!open_.empty()) {
      space();
      const char closing = open_.back();
      if (take(closing)) {
        open_.pop_back();
      } else if (!take(',') || !member()) {
        return at_;
      }
    }
    space();
    return at_ == json_.size() ? std::string_view::npos : at_;
  }

 private:
  bool peek(char c) const { return at_ < json_.size() && json_[at_] == c; }
  bool take(char c) {
    if (!peek(c)) return false;
    ++at_;
    return true;
  }
  void space() {
    while (at_ < json_.size() && is_space(json_[at_])) ++at_;
  }

  // The next member of the innermost open list or map; an inner list or map is left open.
  bool member() {
    if (open_.back() == '}') {
      space();
      if (!string()) return false;
      space();
      if (!take(':')) return false;
    }
    return value();
  }

  bool value() {
    for (;;) {
      space();
      if (take('[')) {
        space();
        if (take(']')) return true;
        open_.push_back(']');
      } else if (take('{')) {
        space();
        if (take('}')) return true;
        open_.push_back('}');
        if (!string()) return false;
        space();
        if (!take(':')) return false;
      } else {
        return scalar();
      }
    }
  }

  bool scalar() {
    if (peek('"')) return string();
    if (peek('t')) return word("true");
    if (peek('f')) return word("false");
    if (peek('n')) return word("null");
    return number();
  }

  bool word(std::string_view expected) {
    for (const char c : expected) {
      if (!take(c)) return false;
    }
    return true;
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ < json_.size()) {
      const char c = json_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\') {
        if (!escape()) return false;
      } else if (static_cast<unsigned char>(c) >= 0x80) {
        if (!multi_byte()) return false;
      } else {
        ++at_;
        if (c == '"') return true;
      }
    }
    return false;
  }

  bool escape() {
    constexpr std::string_view single = "\"\\/bfnrt";
    ++at_;
    if (take('u')) {
      for (int i = 0; i < 4; ++i, ++at_) {
        if (at_ >= json_.size() || !is_hex(json_[at_])) return false;
      }
      return true;
    }
    if (at_ >= json_.size() || single.find(json_[at_]) == std::string_view::npos) return false;
    ++at_;
    return true;
  }

  bool multi_byte() {
    for (std::size_t size = 2; size <= 4; ++size) {
      if (is_utf8(json_.substr(at_, size))) {
        at_ += size;
        return true;
      }
    }
    return false;
  }

  bool digits() {
    if (at_ >= json_.size() || !is_digit(json_[at_])) return false;
    while (at_ < json_.size() && is_digit(json_[at_])) ++at_;
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  std::string_view json_;
  std::size_t at_ = 0;
  std::vector<char> open_;  // the brackets that must still close, innermost last
};

}  // namespace

ArrayElements::ArrayElements(std::string_view valid_array) : rest_(trim_front(valid_array)) {
  rest_ = trim_front(rest_.substr(1));
}

std::string_view ArrayElements::next() {
  if (rest_.empty() || rest_.front() == ']') return {};
  std::size_t depth = 0;
  std::size_t end = 0;
  for (bool is_inside = true; is_inside;) {
    switch (rest_[end]) {
      case '"':
        end = skip_string(rest_, end);
        continue;
      case '[':
      case '{':
        ++depth;
        break;
      case ']':
      case '}':
        if (depth == 0) is_inside = false;
        --depth;
        break;
      case ',':
        is_inside = depth != 0;
        break;
      default:
        break;
    }
    if (is_inside) ++end;
  }
  const std::string_view element = trim_back(rest_.substr(0, end));
  rest_ = trim_front(rest_.substr(rest_[end] == ',' ? end + 1 : end));
  return element;
}

bool append_wide_integers_as_doubles(std::string_view json, std::string& out) {
  bool found = false;
  for (std::size_t at = 0; at < json.size();) {
    std::size_t end = at + 1;
    bool is_wide = false;
    if (json[at] == '"') {
      end = skip_string(json, at);
    } else if (json[at] == '-' || is_digit(json[at])) {
      while (end < json.size() && is_digit(json[end])) ++end;
      std::int64_t fits = 0;
      const auto read = std::from_chars(json.data() + at, json.data() + end, fits);
      is_wide = read.ec == std::errc::result_out_of_range;
      const std::size_t integer_end = end;
      constexpr std::string_view rest_of_number = "0123456789.eE+-";
      while (end < json.size() && rest_of_number.find(json[end]) != std::string_view::npos) ++end;
      is_wide = is_wide && end == integer_end;
    }
    out += json.substr(at, end - at);
    if (is_wide) out += ".0";
    found = found || is_wide;
    at = end;
  }
  return found;
}

std::size_t find_syntax_error(std::string_view json) { return SyntaxCheck(json).run(); }

}  // namespace sluice
