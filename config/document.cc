#include "config/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "config/characters.h"
#include "config/literal.h"

namespace sluice {
namespace {

Position to_position(const toml::source_position& position) {
  return {position.line, position.column};
}

// The byte at which brackets or the parts of a dotted key are nested deeper than max_depth. The
// parser recurses over both, and bounds the first loosely and the second not at all, so this looks
// before it does. Any text may come: whether it is TOML is not decided here.
std::optional<std::size_t> find_too_deep(std::string_view text) {
  std::size_t depth = 0;
  std::size_t dots = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (c == '"' || c == '\'') {
      at += literal_length(text.substr(at));
      continue;
    }
    if (c == '.') {
      ++dots;
    } else if (std::string_view(",=[]{}\n").find(c) != std::string_view::npos) {
      dots = 0;
    }
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > Document::max_depth || dots >= Document::max_depth) return at;
    ++at;
  }
  return std::nullopt;
}

Position position_of_byte(std::string_view text, std::size_t offset) {
  Position position{1, 1};
  std::string_view before = text.substr(0, offset);
  while (!before.empty()) {
    if (take_character(before) == "\n") {
      ++position.line;
      position.column = 1;
    } else {
      ++position.column;
    }
  }
  return position;
}

// Builds our tree from the parser's.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, Diagnostics& diagnostics)
      : text_(text), characters_(text), diagnostics_(diagnostics) {}

  void build(const toml::table& from, Node& root) { fill_table(from, root, 0); }

 private:
  void fill(const toml::node& from, Node& node, std::size_t depth) {
    node.value = {to_position(from.source().begin), to_position(from.source().end)};
    if (!node.key.is_known()) node.key = node.value.begin;
    if (depth > Document::max_depth) {
      diagnostics_.error(node, "is nested too deep; at most " +
                                   std::to_string(Document::max_depth) + " levels are allowed");
      return;
    }
    if (const toml::table* table = from.as_table()) return fill_table(*table, node, depth);
    if (const toml::array* array = from.as_array()) return fill_array(*array, node, depth);
    diagnostics_.hide(node.value);
    if (const auto* string = from.as_string()) {
      node.kind = Node::Kind::string;
      node.text = string->get();
      const std::string_view rest = text_.substr(characters_.byte_of(node.value.begin));
      node.literal = rest.empty() ? rest : rest.substr(0, literal_length(rest));
    } else if (const auto* integer = from.as_integer()) {
      node.kind = Node::Kind::integer;
      node.integer = integer->get();
    } else if (const auto* number = from.as_floating_point()) {
      node.kind = Node::Kind::number;
      node.number = number->get();
    } else if (const auto* boolean = from.as_boolean()) {
      node.kind = Node::Kind::boolean;
      node.boolean = boolean->get();
    } else {
      node.kind = Node::Kind::time;
      const std::size_t begin = characters_.byte_of(node.value.begin);
      node.text = text_.substr(begin, characters_.byte_of(node.value.end) - begin);
    }
  }

  void fill_table(const toml::table& from, Node& node, std::size_t depth) {
    node.kind = Node::Kind::table;
    for (const auto& [key, value] : from) {
      Node& child = add_child(node);
      child.name = key.str();
      child.key = to_position(key.source().begin);
      fill(value, child, depth + 1);
    }
    // The parser sorts by name; people think in the order of their file.
    std::stable_sort(node.children.begin(), node.children.end(),
                     [](const auto& a, const auto& b) { return a->key < b->key; });
  }

  void fill_array(const toml::array& from, Node& node, std::size_t depth) {
    node.kind = Node::Kind::array;
    for (const toml::node& value : from) {
      Node& child = add_child(node);
      child.index = node.children.size() - 1;
      fill(value, child, depth + 1);
    }
  }

  static Node& add_child(Node& node) {
    Node& child = *node.children.emplace_back(std::make_unique<Node>());
    child.parent = &node;
    return child;
  }

  std::string_view text_;
  CharacterIndex characters_;
  Diagnostics& diagnostics_;
};

// "Error while parsing string: unknown escape" as "not valid TOML, string: unknown escape".
std::string syntax_message(std::string_view description) {
  constexpr std::string_view opening = "Error while parsing ";
  if (description.starts_with(opening)) description.remove_prefix(opening.size());
  return "not valid TOML, " + std::string(description);
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

}  // namespace

Document::Document(std::string_view text, std::string file_name)
    : file_name_(std::move(file_name)),
      text_(std::make_unique<const std::string>(without_byte_order_mark(text))),
      diagnostics_(std::make_unique<Diagnostics>(file_name_, *text_)),
      root_(std::make_unique<Node>()) {
  root_->value.begin = {1, 1};
}

Document Document::parse(std::string_view text, std::string file_name) {
  if (text.size() > max_bytes) {
    Document document("", std::move(file_name));
    document.diagnostics().error({}, "", "is larger than 1 MiB; a configuration is not");
    return document;
  }
  Document document(text, std::move(file_name));
  Diagnostics& diagnostics = document.diagnostics();
  if (const auto place = find_too_deep(document.text())) {
    diagnostics.hide_all_values();
    diagnostics.error(position_of_byte(document.text(), *place), "",
                      "is nested too deep, or a bracket before it is not closed; at most " +
                          std::to_string(max_depth) + " levels are allowed");
    return document;
  }
  try {
    const toml::table parsed = toml::parse(std::string_view(document.text()), std::string_view());
    TreeBuilder(document.text(), diagnostics).build(parsed, *document.root_);
  } catch (const toml::parse_error& error) {
    diagnostics.hide_all_values();
    diagnostics.error(to_position(error.source().begin), "", syntax_message(error.description()));
  }
  return document;
}

Result<Document> Document::load(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  const int open_error = errno;  // what the stream met when it could not open
  std::string text(max_bytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    std::string message = "cannot read the configuration file '" + path + "'";
    if (open_error != 0) message += ": " + std::generic_category().message(open_error);
    return Error{ErrorKind::bad_config, std::move(message)};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse(text, path);
}

}  // namespace sluice
