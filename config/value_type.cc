#include "config/value_type.h"

#include <array>
#include <charconv>
#include <cmath>

#include "config/nearest.h"
#include "core/value.h"

namespace sluice {
namespace {

bool wrong_kind(const Node& node, std::string_view wanted, Diagnostics& diagnostics) {
  diagnostics.show(node.value);
  diagnostics.error(node, "must be " + std::string(wanted) + ", not " + describe_node(node));
  return false;
}

// The text of a string that is no secret.
bool read_text(const Node& node, std::string_view wanted, Diagnostics& diagnostics) {
  if (node.kind != Node::Kind::string) return wrong_kind(node, wanted, diagnostics);
  diagnostics.show(node.value);
  return true;
}

constexpr std::string_view secret_forms =
    "a text, or { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }";

}  // namespace

bool ValueType<bool>::read(const Node& node, bool& value, Diagnostics& diagnostics) {
  if (node.kind != Node::Kind::boolean) return wrong_kind(node, "true or false", diagnostics);
  diagnostics.show(node.value);
  value = node.boolean;
  return true;
}

bool read_integer(const Node& node, std::int64_t lowest, std::uint64_t highest, std::int64_t& value,
                  Diagnostics& diagnostics) {
  if (node.kind != Node::Kind::integer) return wrong_kind(node, "an integer", diagnostics);
  diagnostics.show(node.value);
  if (node.integer < lowest ||
      (node.integer > 0 && static_cast<std::uint64_t>(node.integer) > highest)) {
    diagnostics.error(node, std::to_string(node.integer) + " is out of bounds; must be " +
                                std::to_string(lowest) + " to " + std::to_string(highest));
    return false;
  }
  value = node.integer;
  return true;
}

bool ValueType<double>::read(const Node& node, double& value, Diagnostics& diagnostics) {
  diagnostics.show(node.value);
  if (node.kind == Node::Kind::integer) {
    value = static_cast<double>(node.integer);
    return true;
  }
  if (node.kind != Node::Kind::number || !std::isfinite(node.number)) {
    return wrong_kind(node, "a finite number", diagnostics);
  }
  value = node.number;
  return true;
}

std::string ValueType<double>::text(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string out(digits.data(), end);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";  // TOML's mark of a number
  return out;
}

bool ValueType<std::string>::read(const Node& node, std::string& value, Diagnostics& diagnostics) {
  if (!read_text(node, "a text in quotes", diagnostics)) return false;
  value = node.text;
  return true;
}

// JSON's escapes are a subset of those of a TOML basic string.
std::string ValueType<std::string>::text(const std::string& value) {
  std::string out;
  append_json_string(out, value);
  return out;
}

bool ValueType<LocatedText>::read(const Node& node, LocatedText& value, Diagnostics& diagnostics) {
  if (!read_text(node, "a text in quotes", diagnostics)) return false;
  value = LocatedText(node);
  return true;
}

std::string ValueType<LocatedText>::text(const LocatedText& value) {
  return value.empty() ? "" : ValueType<std::string>::text(value.text());
}

bool ValueType<ExpressionText>::read(const Node& node, ExpressionText& value,
                                     Diagnostics& diagnostics) {
  if (!read_text(node, "an expression in quotes, such as \"data.temperature > 40.0\"",
                 diagnostics)) {
    return false;
  }
  value = ExpressionText(node);
  return true;
}

std::string ValueType<ExpressionText>::text(const ExpressionText& value) {
  return ValueType<LocatedText>::text(value);
}

bool ValueType<Duration>::read(const Node& node, Duration& value, Diagnostics& diagnostics) {
  if (!read_text(node, "a duration with its unit, such as \"10s\"", diagnostics)) return false;
  const Result<Duration> parsed = parse_duration(node.text);
  if (!parsed) {
    diagnostics.error(node, parsed.error().message);
    return false;
  }
  if (*parsed < Duration::zero()) {
    diagnostics.error(node, "must not be negative");
    return false;
  }
  value = *parsed;
  return true;
}

std::string ValueType<Duration>::text(Duration value) {
  return ValueType<std::string>::text(format_duration(value));
}

bool ValueType<ByteSize>::read(const Node& node, ByteSize& value, Diagnostics& diagnostics) {
  if (!read_text(node, "a size with its unit, such as \"256KiB\"", diagnostics)) return false;
  const Result<ByteSize> parsed = parse_byte_size(node.text);
  if (!parsed) {
    diagnostics.error(node, parsed.error().message);
    return false;
  }
  value = *parsed;
  return true;
}

std::string ValueType<ByteSize>::text(ByteSize value) {
  return ValueType<std::string>::text(format_byte_size(value));
}

bool ValueType<Secret>::read(const Node& node, Secret& value, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::string) {
    value = Secret(Secret::Place::literal, node.text);
    return true;
  }
  if (!node.is_table() || node.children.size() != 1 ||
      node.children[0]->kind != Node::Kind::string) {
    diagnostics.error(node, "must be " + std::string(secret_forms) + ", not " +
                                describe_node(node, /*may_quote=*/false));
    return false;
  }
  const Node& place = *node.children[0];
  constexpr std::array<std::string_view, 3> names{"env", "file", "credential"};
  constexpr std::array<Secret::Place, 3> places{Secret::Place::environment, Secret::Place::file,
                                                Secret::Place::credential};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (place.name != names[i]) continue;
    diagnostics.show(place.value);
    if (place.text.empty()) {
      diagnostics.error(place, "must not be empty");
      return false;
    }
    if (places[i] == Secret::Place::credential && place.text.find('/') != std::string::npos) {
      diagnostics.error(place, "must be a name without '/', as in the service's LoadCredential=");
      return false;
    }
    value = Secret(places[i], place.text);
    return true;
  }
  diagnostics.error(place.key, node.path(),
                    "unknown key '" + place.name + "'; must be " + std::string(secret_forms));
  return false;
}

bool ValueType<RawTable>::read(const Node& node, RawTable& value, Diagnostics& diagnostics) {
  if (!is_table(node, diagnostics)) return false;
  value = RawTable(node);
  return true;
}

bool ValueType<TypedTable>::read(const Node& node, TypedTable& value, Diagnostics& diagnostics) {
  const Node* type = node.is_table() ? node.find("type") : &node;
  if (type == nullptr) {
    diagnostics.error(node, "'type' is missing: it says what this table is");
    return false;
  }
  if (!read_text(*type, "the name of a type, or a table with a 'type'", diagnostics)) return false;
  value = {type->text, RawTable(node)};
  return true;
}

std::string ValueType<TypedTable>::text(const TypedTable& value) {
  return value.type.empty() ? "" : ValueType<std::string>::text(value.type);
}

std::optional<std::size_t> read_choice(const Node& node, std::span<const std::string_view> names,
                                       Diagnostics& diagnostics) {
  if (!read_text(node, choice_bounds(names), diagnostics)) return std::nullopt;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == node.text) return i;
  }
  diagnostics.error(node, "'" + node.text + "' is not known" + suggestion(node.text, names));
  return std::nullopt;
}

std::string choice_bounds(std::span<const std::string_view> names) {
  std::string out = "one of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ", ";
    out += ValueType<std::string>::text(std::string(names[i]));
  }
  return out;
}

bool is_array(const Node& node, Diagnostics& diagnostics) {
  return node.kind == Node::Kind::array || wrong_kind(node, "a list in [ ]", diagnostics);
}

bool is_table(const Node& node, Diagnostics& diagnostics) {
  return node.is_table() || wrong_kind(node, "a table", diagnostics);
}

}  // namespace sluice
