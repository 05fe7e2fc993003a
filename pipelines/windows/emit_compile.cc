// How the text of emit fields becomes aggregates over expressions.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include "pipelines/aggregates/catalog.h"
#include "pipelines/windows/emit.h"
#include "pipelines/windows/emit_text.h"

namespace sluice {
namespace {

// What is wrong with the number of arguments; empty: nothing.
std::string wrong_arguments(const AggregateKind& kind, std::size_t count) {
  const std::size_t least = kind.arguments.least + std::size_t{kind.parameters.least};
  const std::size_t most = kind.arguments.most + std::size_t{kind.parameters.most};
  const bool is_wrong = count < least || count > most;
  return is_wrong ? "write " + std::string(kind.usage) : std::string();
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::variant<std::unique_ptr<Emit>, StepErrors> Emit::compile(
    const std::vector<EmitField>& fields) {
  StepErrors errors;
  std::unique_ptr<Emit> emit(new Emit);
  if (fields.empty() || fields.size() > max_fields) {
    errors.push_back({"emit", 0, "a window emits from 1 to 64 fields, such as n = \"count()\""});
  }
  for (const EmitField& field : fields) {
    const bool is_twice = std::ranges::count(fields, field.name, &EmitField::name) > 1 &&
                          &*std::ranges::find(fields, field.name, &EmitField::name) != &field;
    if (is_twice)
      errors.push_back({"emit." + field.name, 0, "a field of this name is there already"});
    if (auto compiled = compile_field(field, errors)) emit->fields_.push_back(*std::move(compiled));
  }
  if (!errors.empty()) return errors;
  emit->lay_out();
  return emit;
}

std::optional<Emit::Field> Emit::compile_field(const EmitField& field, StepErrors& errors) {
  const std::string where = "emit." + field.name;
  const auto refuse = [&](std::size_t offset, std::string message) {
    errors.push_back({where, offset, std::move(message)});
    return std::nullopt;
  };
  auto parsed = parse_emit(field.text);
  if (auto* error = std::get_if<StepError>(&parsed)) return refuse(error->offset, error->message);
  const auto& text = std::get<EmitText>(parsed);
  const AggregateKind* const kind = find_aggregate(text.name.text);
  if (kind == nullptr) {
    return refuse(text.name.offset,
                  quoted(text.name.text) + " is no aggregate; there are " + aggregate_names());
  }
  std::string wrong = wrong_arguments(*kind, text.arguments.size());
  if (!wrong.empty()) return refuse(text.name.offset, std::move(wrong));

  std::vector<double> parameters;
  for (std::size_t i = kind->arguments.most; i < text.arguments.size(); ++i) {
    const auto number = parse_number(text.arguments[i].text);
    if (!number) {
      return refuse(text.arguments[i].offset,
                    "this must be a number; write " + std::string(kind->usage));
    }
    parameters.push_back(*number);
  }
  auto aggregate = kind->make(parameters);
  if (!aggregate) return refuse(text.arguments.back().offset, aggregate.error().message);

  Field compiled{field.name, std::move(aggregate).value(), {}, {}, 0};
  const std::size_t arguments = std::min<std::size_t>(text.arguments.size(), kind->arguments.most);
  for (std::size_t i = 0; i < arguments; ++i) {
    const EmitText::Part& argument = text.arguments[i];
    auto expression = compile_argument(where, argument.text, argument.offset, errors);
    if (!expression) return std::nullopt;
    compiled.arguments.push_back(*std::move(expression));
  }
  if (text.where) {
    compiled.where = compile_argument(where, text.where->text, text.where->offset, errors);
    if (!compiled.where) return std::nullopt;
  }
  return compiled;
}

std::optional<Emit::Argument> Emit::compile_argument(const std::string& where,
                                                     std::string_view text, std::size_t offset,
                                                     StepErrors& errors) {
  auto expression = sluice::compile_field(where, text, offset, errors);
  if (!expression) return std::nullopt;
  return Argument{*std::move(expression), DataPath::parse(text)};
}

void Emit::lay_out() {
  for (Field& field : fields_) {
    const std::size_t alignment = field.aggregate->state_alignment();
    CHECK(alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    field.offset = (pane_bytes_ + alignment - 1) / alignment * alignment;
    pane_bytes_ = field.offset + field.aggregate->state_bytes();
    if (field.aggregate->is_growing()) ++growing_fields_;
  }
  readings_.resize(fields_.size());
}

}  // namespace sluice
