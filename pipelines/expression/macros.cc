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

constexpr std::array<MacroDescription, 19> descriptions{{
    {"has", "has(a.b)", "whether a has the field b", "has({'b': null}.b)"},
    {"all", "list.all(x, condition)", "whether it holds for every element; of a map, for every key",
     "[1, 2].all(x, x > 0)"},
    {"all", "list.all(i, x, condition)", "the same with index and element, or key and value",
     "{'a': 1}.all(k, v, k == 'a' && v == 1)"},
    {"exists", "list.exists(x, condition)", "whether it holds for any element",
     "[1, 2].exists(x, x == 2)"},
    {"exists", "list.exists(i, x, condition)", "the same with index or key",
     "[5, 6].exists(i, x, i == 1 && x == 6)"},
    {"exists_one", "list.exists_one(x, condition)", "whether it holds for exactly one element",
     "[1, 2, 2].exists_one(x, x == 1)"},
    {"existsOne", "list.existsOne(i, x, condition)", "the same with index or key",
     "[1, 2].existsOne(i, x, i == 0)"},
    {"map", "list.map(x, value)", "a list with the value of each element",
     "[1, 2].map(x, x * 10) == [10, 20]"},
    {"map", "list.map(x, condition, value)", "the same of those for which the condition holds",
     "[1, 2, 3].map(x, x > 1, x * 10) == [20, 30]"},
    {"filter", "list.filter(x, condition)", "the elements for which it holds; of a map, the keys",
     "[1, 2, 3].filter(x, x > 1) == [2, 3]"},
    {"transformList", "list.transformList(i, x, value)",
     "a list; a condition may stand before the value",
     "[5, 6].transformList(i, x, i + x) == [5, 7]"},
    {"transformMap", "map.transformMap(k, v, value)",
     "a map with the same keys; a condition may stand before the value",
     "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 10) == {'b': 20}"},
    {"transformMapEntry", "map.transformMapEntry(k, v, entry)",
     "a map of the entries that it gives", "{'a': 1}.transformMapEntry(k, v, {v: k}) == {1: 'a'}"},
    {"sortBy", "list.sortBy(x, key)", "the elements in the order of their keys",
     "[3, 1, 2].sortBy(x, -x) == [3, 2, 1]"},
    {"optMap", "optional.optMap(x, value)", "an optional with the value, or none",
     "optional.of(2).optMap(x, x + 1) == optional.of(3)"},
    {"optFlatMap", "optional.optFlatMap(x, optional)", "the optional that it gives, or none",
     "!optional.of(2).optFlatMap(x, optional.none()).hasValue()"},
    {"cel.bind", "cel.bind(name, value, expression)", "the expression, with a name for the value",
     "cel.bind(x, 2 + 3, x * x) == 25"},
    {"topic_matches", "topic_matches(filter)",
     "whether the event's own topic matches an MQTT filter", "!topic_matches('no/such/topic')"},
    {"? :", "condition ? a : b", "one of the two; the other is not evaluated",
     "(true ? 1 : 1 / 0) == 1"},
}};

}  // namespace

std::span<const MacroDescription> macro_descriptions() { return descriptions; }

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
