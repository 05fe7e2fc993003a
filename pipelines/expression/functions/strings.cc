// Strings: CEL's own functions and its strings extension. Positions count code points.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/expression/functions/parts.h"
#include "pipelines/expression/regex.h"
#include "pipelines/expression/utf8.h"

namespace sluice::cel {
namespace strings {
namespace {

using Arguments = std::span<const Value>;

std::string_view text(Arguments arguments, std::size_t i) { return arguments[i].as_text(); }

Value index_out_of_range(std::int64_t index, Context& context) {
  std::string number;
  append_integer(number, index);
  return context.error({"index out of range: ", number});
}

// Where the code point number `index` starts; nothing when it is negative or beyond the end.
std::optional<std::size_t> offset_of(std::string_view string, std::int64_t index) {
  if (index < 0) return std::nullopt;
  if (static_cast<std::uint64_t>(index) > string.size()) return std::nullopt;
  return code_point_offset(string, static_cast<std::size_t>(index));
}

Value position(std::string_view string, std::size_t offset) {
  if (offset == std::string_view::npos) return Value::integer(-1);
  return Value::integer(static_cast<std::int64_t>(count_code_points(string.substr(0, offset))));
}

Value size(Arguments arguments, Context&) {
  const Value& value = arguments[0];
  std::size_t count = 0;
  switch (value.kind()) {
    case Kind::string:
      count = count_code_points(value.as_text());
      break;
    case Kind::bytes:
      count = value.as_text().size();
      break;
    case Kind::list:
      count = value.as_list().size();
      break;
    default:
      count = value.as_map().size();
  }
  return Value::integer(static_cast<std::int64_t>(count));
}

Value contains(Arguments arguments, Context&) {
  return Value::boolean(text(arguments, 0).find(text(arguments, 1)) != std::string_view::npos);
}

Value starts_with(Arguments arguments, Context&) {
  return Value::boolean(text(arguments, 0).starts_with(text(arguments, 1)));
}

Value ends_with(Arguments arguments, Context&) {
  return Value::boolean(text(arguments, 0).ends_with(text(arguments, 1)));
}

Value matches(Arguments arguments, Context& context) {
  const std::string_view pattern = text(arguments, 1);
  // To compile a pattern costs some hundred times its length; one that is constant is compiled
  // once.
  if (!context.spend(100 + pattern.size() * 16)) return Context::over_budget();
  const Regex regex(pattern);
  if (!regex.error().empty()) return context.error({"bad regular expression: ", regex.error()});
  return Value::boolean(regex.matches(text(arguments, 0)));
}

Value char_at(Arguments arguments, Context& context) {
  const std::string_view string = text(arguments, 0);
  const auto offset = offset_of(string, arguments[1].as_int());
  if (!offset) return index_out_of_range(arguments[1].as_int(), context);
  const std::string_view rest = string.substr(*offset);
  return Value::string(rest.empty() ? rest : rest.substr(0, code_point_size(rest)));
}

Value index_of(Arguments arguments, Context& context) {
  const std::string_view string = text(arguments, 0);
  const std::int64_t from = arguments.size() > 2 ? arguments[2].as_int() : 0;
  const auto offset = offset_of(string, from);
  if (!offset) return index_out_of_range(from, context);
  return position(string, string.find(text(arguments, 1), *offset));
}

Value last_index_of(Arguments arguments, Context& context) {
  const std::string_view string = text(arguments, 0);
  if (arguments.size() == 2) return position(string, string.rfind(text(arguments, 1)));
  const auto offset = offset_of(string, arguments[2].as_int());
  if (!offset) return index_out_of_range(arguments[2].as_int(), context);
  return position(string, string.rfind(text(arguments, 1), *offset));
}

template <typename Change>
Value changed(std::string_view string, Context& context, Change change) {
  std::string result(string);
  std::ranges::transform(result, result.begin(), change);
  return context.string(result);
}

Value lower_ascii(Arguments arguments, Context& context) {
  return changed(text(arguments, 0), context, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

Value upper_ascii(Arguments arguments, Context& context) {
  return changed(text(arguments, 0), context, [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
}

// How often at most; a negative limit is none.
std::uint64_t limit_of(Arguments arguments, std::size_t i) {
  return arguments.size() > i ? static_cast<std::uint64_t>(arguments[i].as_int()) : ~0ULL;
}

Value replace(Arguments arguments, Context& context) {
  std::string_view rest = text(arguments, 0);
  const std::string_view from = text(arguments, 1);
  const std::string_view to = text(arguments, 2);
  std::uint64_t left = limit_of(arguments, 3);
  std::string result;
  while (left > 0) {
    const std::size_t found = rest.find(from);
    if (found == std::string_view::npos) break;
    if (!context.spend_bytes(found + to.size())) return Context::over_budget();
    result.append(rest.substr(0, found)).append(to);
    rest.remove_prefix(found + from.size());
    --left;
    if (from.empty()) {  // an empty text lies between all code points
      if (rest.empty()) break;
      const std::size_t size = code_point_size(rest);
      result.append(rest.substr(0, size));
      rest.remove_prefix(size);
    }
  }
  result.append(rest);
  return context.string(result);
}

Value list_of(const std::vector<Value>& items, Context& context) {
  if (!context.spend(items.size())) return Context::over_budget();
  return Value::list(context.arena().copy(std::span<const Value>(items)));
}

Value split(Arguments arguments, Context& context) {
  std::string_view rest = text(arguments, 0);
  const std::string_view separator = text(arguments, 1);
  const std::uint64_t limit = limit_of(arguments, 2);
  std::vector<Value> parts;
  if (limit == 0) return list_of(parts, context);
  while (parts.size() + 1 < limit) {
    if (separator.empty() && rest.empty()) return list_of(parts, context);
    const std::size_t found = separator.empty() ? code_point_size(rest) : rest.find(separator);
    if (found == std::string_view::npos) break;
    if (separator.empty() && found == rest.size()) break;
    parts.push_back(Value::string(rest.substr(0, found)));
    rest.remove_prefix(found + separator.size());
  }
  parts.push_back(Value::string(rest));
  return list_of(parts, context);
}

Value substring(Arguments arguments, Context& context) {
  const std::string_view string = text(arguments, 0);
  const auto start = offset_of(string, arguments[1].as_int());
  if (!start) return index_out_of_range(arguments[1].as_int(), context);
  if (arguments.size() == 2) return Value::string(string.substr(*start));
  const auto end = offset_of(string, arguments[2].as_int());
  if (!end) return index_out_of_range(arguments[2].as_int(), context);
  if (*start > *end) return context.error({"the substring's start lies behind its end"});
  return Value::string(string.substr(*start, *end - *start));
}

// White_Space of Unicode.
bool is_space(std::uint32_t code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

Value trim(Arguments arguments, Context&) {
  std::string_view rest = text(arguments, 0);
  while (!rest.empty() && is_space(first_code_point(rest)))
    rest.remove_prefix(code_point_size(rest));
  std::size_t end = 0;  // behind the last code point that is no space
  for (std::size_t at = 0; at < rest.size();) {
    const std::size_t next = at + code_point_size(rest.substr(at));
    if (!is_space(first_code_point(rest.substr(at)))) end = next;
    at = next;
  }
  return Value::string(rest.substr(0, end));
}

Value join(Arguments arguments, Context& context) {
  const std::string_view separator = arguments.size() > 1 ? text(arguments, 1) : "";
  std::string result;
  bool is_first = true;
  for (const Value& item : arguments[0].as_list()) {
    if (item.kind() != Kind::string) return context.error({"join() takes a list of strings only"});
    if (!context.spend_bytes(item.as_text().size() + separator.size())) {
      return Context::over_budget();
    }
    if (!is_first) result += separator;
    result += item.as_text();
    is_first = false;
  }
  return context.string(result);
}

Value reverse(Arguments arguments, Context& context) {
  const std::string_view string = text(arguments, 0);
  std::string result(string.size(), '\0');
  std::size_t end = string.size();
  for (std::size_t at = 0; at < string.size();) {
    const std::size_t size = code_point_size(string.substr(at));
    end -= size;
    result.replace(end, size, string.substr(at, size));
    at += size;
  }
  return context.string(result);
}

Value quote(Arguments arguments, Context& context) {
  constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view letters = "abfnrtv\\\"";
  std::string result = "\"";
  for (const char c : text(arguments, 0)) {
    const std::size_t found = special.find(c);
    if (found == std::string_view::npos) {
      result.push_back(c);
    } else {
      result.push_back('\\');
      result.push_back(letters[found]);
    }
  }
  result.push_back('"');
  return context.string(result);
}

constexpr std::array<Definition, 31> definitions{{
    {"size", "(string) -> int", size, "size('größe') == 5"},
    {"size", "(bytes) -> int", size, "size(b'ab') == 2"},
    {"size", "(list(A)) -> int", size, "size([7, 8]) == 2"},
    {"size", "(map(A, B)) -> int", size, "size({'a': 1}) == 1"},
    {"size", "string.() -> int", size, "'abc'.size() == 3"},
    {"size", "bytes.() -> int", size, "b'abc'.size() == 3"},
    {"size", "list(A).() -> int", size, "[7, 8].size() == 2"},
    {"size", "map(A, B).() -> int", size, "{'a': 1}.size() == 1"},
    {"contains", "string.(string) -> bool", contains, "'pressure'.contains('press')"},
    {"startsWith", "string.(string) -> bool", starts_with, "'dev-7'.startsWith('dev-')"},
    {"endsWith", "string.(string) -> bool", ends_with, "'dev-7'.endsWith('-7')"},
    {"matches", "string.(string) -> bool", matches, "'dev-7'.matches('^dev-[0-9]+$')"},
    {"matches", "(string, string) -> bool", matches, "matches('dev-7', '[0-9]')"},
    {"charAt", "string.(int) -> string", char_at, "'abc'.charAt(1) == 'b'"},
    {"indexOf", "string.(string) -> int", index_of, "'a-b-c'.indexOf('-') == 1"},
    {"indexOf", "string.(string, int) -> int", index_of, "'a-b-c'.indexOf('-', 2) == 3"},
    {"lastIndexOf", "string.(string) -> int", last_index_of, "'a-b-c'.lastIndexOf('-') == 3"},
    {"lastIndexOf", "string.(string, int) -> int", last_index_of,
     "'a-b-c'.lastIndexOf('-', 2) == 1"},
    {"lowerAscii", "string.() -> string", lower_ascii, "'Hall A'.lowerAscii() == 'hall a'"},
    {"upperAscii", "string.() -> string", upper_ascii, "'Hall A'.upperAscii() == 'HALL A'"},
    {"replace", "string.(string, string) -> string", replace, "'1,5'.replace(',', '.') == '1.5'"},
    {"replace", "string.(string, string, int) -> string", replace,
     "'a.b.c'.replace('.', '/', 1) == 'a/b.c'"},
    {"split", "string.(string) -> list(string)", split, "'a/b'.split('/') == ['a', 'b']"},
    {"split", "string.(string, int) -> list(string)", split,
     "'a/b/c'.split('/', 2) == ['a', 'b/c']"},
    {"substring", "string.(int) -> string", substring, "'dev-7'.substring(4) == '7'"},
    {"substring", "string.(int, int) -> string", substring, "'dev-7'.substring(0, 3) == 'dev'"},
    {"trim", "string.() -> string", trim, "' 22.5 '.trim() == '22.5'"},
    {"join", "list(string).() -> string", join, "['a', 'b'].join() == 'ab'"},
    {"join", "list(string).(string) -> string", join, "['a', 'b'].join('/') == 'a/b'"},
    {"reverse", "string.() -> string", reverse, "'abc'.reverse() == 'cba'"},
    {"strings.quote", "(string) -> string", quote, "strings.quote('a\"b') == '\"a\\\\\"b\"'"},
}};

}  // namespace
}  // namespace strings

std::span<const Definition> string_functions() { return strings::definitions; }

}  // namespace sluice::cel
