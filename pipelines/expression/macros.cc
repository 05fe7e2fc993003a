#include "pipelines/expression/macros.h"

#include <array>
#include <optional>

namespace sluice::cel {
namespace {

struct MacroForm {
  std::string_view name;
  std::size_t arguments;  // without the receiver
  std::size_t variables;
  bool has_filter;
  Macro macro;
};

// Of a receiver: list.all(x, ...), map.all(k, v, ...).
constexpr std::array<MacroForm, 18> receiver_forms{{
    {"all", 2, 1, false, Macro::all},
    {"all", 3, 2, false, Macro::all},
    {"exists", 2, 1, false, Macro::exists},
    {"exists", 3, 2, false, Macro::exists},
    {"exists_one", 2, 1, false, Macro::exists_one},
    {"exists_one", 3, 2, false, Macro::exists_one},
    {"existsOne", 2, 1, false, Macro::exists_one},
    {"existsOne", 3, 2, false, Macro::exists_one},
    {"map", 2, 1, false, Macro::map},
    {"map", 3, 1, true, Macro::map},
    {"filter", 2, 1, false, Macro::filter},
    {"transformList", 3, 2, false, Macro::map},
    {"transformList", 4, 2, true, Macro::map},
    {"transformMap", 3, 2, false, Macro::transform_map},
    {"transformMap", 4, 2, true, Macro::transform_map},
    {"transformMapEntry", 3, 2, false, Macro::transform_map_entry},
    {"transformMapEntry", 4, 2, true, Macro::transform_map_entry},
    {"sortBy", 2, 1, false, Macro::sort_by},
}};
constexpr std::array<MacroForm, 2> optional_forms{{
    {"optMap", 2, 1, false, Macro::opt_map},
    {"optFlatMap", 2, 1, false, Macro::opt_flat_map},
}};

bool is_plain_name(const Node& node, std::string_view name) {
  return node.kind == NodeKind::name && !node.is_rooted && node.text == name;
}

const MacroForm* find_form(const Node& call) {
  if (!call.is_member) return nullptr;
  const std::size_t arguments = call.children.size() - 1;
  for (const MacroForm& form : receiver_forms) {
    if (form.name == call.text && form.arguments == arguments) return &form;
  }
  for (const MacroForm& form : optional_forms) {
    if (form.name == call.text && form.arguments == arguments) return &form;
  }
  return nullptr;
}

// Makes `call` the macro over `operand`; `arguments` are the variables, the filter if any, the
// body.
std::string bind(Node& call, const MacroForm& form, Node* operand, std::span<Node*> arguments,
                 Arena& arena, std::uint32_t& offset) {
  auto* variables = arena.array<std::string_view>(form.variables);
  for (std::size_t i = 0; i < form.variables; ++i) {
    const Node& name = *arguments[i];
    offset = name.offset;
    if (name.kind != NodeKind::name || name.is_rooted) {
      return std::string(form.name) + "() needs a plain name for its variable here";
    }
    if (i == 1 && name.text == variables[0]) {
      return "the two variables of " + std::string(form.name) + "() have the same name";
    }
    variables[i] = name.text;
  }
  Node** children = arena.array<Node*>(3);
  children[0] = operand;
  children[1] = form.has_filter ? arguments[form.variables] : nullptr;
  children[2] = arguments.back();
  call.kind = NodeKind::macro;
  call.macro = form.macro;
  call.children = {children, 3};
  call.variables = {variables, form.variables};
  return {};
}

std::string expand_has(Node& call, std::uint32_t& offset) {
  Node& field = *call.children[0];
  offset = field.offset;
  if (field.kind != NodeKind::select || field.is_test) {
    return "has() needs a field, such as has(data.temperature)";
  }
  const std::uint32_t at = call.offset;
  call = field;
  call.is_test = true;
  call.offset = at;
  return {};
}

// topic_matches(filter) looks at the event's own topic.
void expand_topic(Node& call, Arena& arena) {
  Node* topic = arena.make<Node>();
  topic->kind = NodeKind::name;
  topic->offset = call.offset;
  topic->text = "topic";
  topic->is_rooted = true;
  Node** children = arena.array<Node*>(2);
  children[0] = topic;
  children[1] = call.children[0];
  call.children = {children, 2};
}

}  // namespace

std::string expand_macro(Node& call, Arena& arena, std::uint32_t& offset) {
  if (!call.is_member) {
    if (call.text == "has" && call.children.size() == 1) return expand_has(call, offset);
    if (call.text == "topic_matches" && call.children.size() == 1) expand_topic(call, arena);
    return {};
  }
  if (call.text == "bind" && call.children.size() == 4 && is_plain_name(*call.children[0], "cel")) {
    constexpr MacroForm form{"cel.bind", 3, 1, false, Macro::bind};
    std::array<Node*, 2> arguments{call.children[1], call.children[3]};
    return bind(call, form, call.children[2], arguments, arena, offset);
  }
  if (const MacroForm* form = find_form(call)) {
    return bind(call, *form, call.children[0], call.children.subspan(1), arena, offset);
  }
  return {};
}

}  // namespace sluice::cel
