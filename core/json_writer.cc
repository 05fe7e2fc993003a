#include <array>
#include <charconv>
#include <cmath>

#include "core/value.h"

namespace sluice {
namespace {

template <typename T>
void append_chars(std::string& out, T number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

constexpr std::string_view hex = "0123456789abcdef";

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\u00";
      out.push_back(hex[byte >> 4]);
      out.push_back(hex[byte & 15]);
    }
  }
}

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_seconds(std::string& out, const Value& duration) {
  std::int64_t seconds = duration.seconds();
  std::uint32_t nanos = duration.nanos();
  if (seconds < 0) {  // stored rounded down: -1.5 s is -2 s + 0.5 s
    out.push_back('-');
    if (nanos != 0) {
      seconds += 1;
      nanos = 1'000'000'000 - nanos;
    }
    append_chars(out, 0 - static_cast<std::uint64_t>(seconds));
  } else {
    append_chars(out, seconds);
  }
  if (nanos != 0) {
    std::string digits =
        std::to_string(1'000'000'000 + static_cast<std::uint64_t>(nanos)).substr(1);
    while (digits.back() == '0') digits.pop_back();
    out += "." + digits;
  }
  out.push_back('s');
}

}  // namespace

void append_integer(std::string& out, std::int64_t number) { append_chars(out, number); }
void append_unsigned(std::string& out, std::uint64_t number) { append_chars(out, number); }

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  append_chars(out, number);
}

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;  // start of the stretch that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.append(text.substr(plain, i - plain));
    append_escape(out, text[i]);
    plain = i + 1;
  }
  out.append(text.substr(plain));
  out.push_back('"');
}

void append_base64(std::string& out, std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::size_t i = 0;
  const auto at = [&](std::size_t index) -> unsigned {
    return index < bytes.size() ? static_cast<unsigned char>(bytes[index]) : 0U;
  };
  for (; i < bytes.size(); i += 3) {
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out.push_back(alphabet[group >> 18]);
    out.push_back(alphabet[group >> 12 & 63]);
    out.push_back(i + 1 < bytes.size() ? alphabet[group >> 6 & 63] : '=');
    out.push_back(i + 2 < bytes.size() ? alphabet[group & 63] : '=');
  }
}

void append_json(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      return;
    case Kind::integer:
      append_integer(out, value.as_int());
      return;
    case Kind::uinteger:
      append_unsigned(out, value.as_uint());
      return;
    case Kind::number:
      append_number(out, value.as_double());
      return;
    case Kind::string:
    case Kind::type:
    case Kind::error:
      append_json_string(out, value.as_text());
      return;
    case Kind::bytes:
      out.push_back('"');
      append_base64(out, value.as_text());
      out.push_back('"');
      return;
    case Kind::list: {
      char separator = '[';
      for (const Value& item : value.as_list()) {
        out.push_back(separator);
        append_json(out, item);
        separator = ',';
      }
      out += separator == '[' ? "[]" : "]";
      return;
    }
    case Kind::map: {
      char separator = '{';
      for (const MapEntry& entry : value.as_map()) {
        out.push_back(separator);
        if (entry.key.kind() == Kind::string) {
          append_json_string(out, entry.key.as_text());
        } else {
          append_json_string(out, to_json(entry.key));
        }
        out.push_back(':');
        append_json(out, entry.value);
        separator = ',';
      }
      out += separator == '{' ? "{}" : "}";
      return;
    }
    case Kind::timestamp:
      out.push_back('"');
      append_timestamp(out, to_timestamp(value));
      out.push_back('"');
      return;
    case Kind::duration:
      out.push_back('"');
      append_seconds(out, value);
      out.push_back('"');
      return;
    case Kind::optional:
      if (const Value* inner = value.as_optional()) {
        append_json(out, *inner);
      } else {
        out += "null";
      }
      return;
  }
}

std::string to_json(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace sluice
