// cel-spec: expressions with bindings and the values they have, from CEL's own specification.
//
// The suite's environment of names is its own; parser, checker, compiler and machine are those of
// the pipelines. Promotion of numbers is off: it goes beyond CEL.
#include <bit>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/expression/checker.h"
#include "pipelines/expression/compiler.h"
#include "pipelines/expression/machine.h"
#include "pipelines/expression/parser.h"
#include "pipelines/expression/unparse.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;

constexpr std::uint64_t budget = 1'000'000;

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

Value read_value(const json& tagged, Arena& arena);

Value read_list(const json& values, Arena& arena) {
  std::vector<Value> items;
  for (const json& value : values) items.push_back(read_value(value, arena));
  return Value::list(arena.copy(std::span<const Value>(items)));
}

Value read_map(const json& pairs, Arena& arena) {
  std::vector<MapEntry> entries;
  for (const json& pair : pairs) {
    entries.push_back({read_value(pair[0], arena), read_value(pair[1], arena)});
  }
  return Value::map(arena.copy(std::span<const MapEntry>(entries)));
}

std::int64_t read_seconds(const json& tagged) {
  const json& seconds = tagged.at("secs");
  return seconds.is_string() ? std::stoll(seconds.get<std::string>()) : seconds.get<std::int64_t>();
}

// A duration's seconds and nanos have one sign there; our nanos are never negative.
Value read_duration(const json& tagged) {
  std::int64_t seconds = read_seconds(tagged);
  std::int64_t nanos = tagged.value("nanos", 0);
  if (nanos < 0) {
    seconds -= 1;
    nanos += 1'000'000'000;
  }
  return Value::duration(seconds, static_cast<std::uint32_t>(nanos));
}

// The data's "type" tags; a tag that needs protobuf gives an error value.
Value read_value(const json& tagged, Arena& arena) {
  const std::string type = tagged.at("type");
  const auto text = [&](const char* field) {
    return arena.copy(std::string_view(tagged.at(field).get_ref<const std::string&>()));
  };
  if (type == "null") return Value::null();
  if (type == "bool") return Value::boolean(tagged.at("value").get<bool>());
  if (type == "int") return Value::integer(std::stoll(std::string(text("value"))));
  if (type == "uint") return Value::uinteger(std::stoull(std::string(text("value"))));
  if (type == "double") {
    return Value::number(std::bit_cast<double>(
        static_cast<std::uint64_t>(std::stoull(std::string(text("bits")), nullptr, 16))));
  }
  if (type == "string") return Value::string(text("value"));
  if (type == "bytes") {
    const std::string bytes = from_hex(std::string(text("hex")));
    return Value::bytes(arena.copy(std::string_view(bytes)));
  }
  if (type == "list") return read_list(tagged.at("values"), arena);
  if (type == "map") return read_map(tagged.at("entries"), arena);
  if (type == "type") return Value::type(text("name"));
  if (type == "timestamp") {
    return Value::timestamp(read_seconds(tagged), tagged.value("nanos", std::uint32_t{0}));
  }
  if (type == "duration") return read_duration(tagged);
  return Value::error("a value that needs protobuf");
}

bool matches(const Value& ours, const Value& expected);

bool matches_map(const Value& ours, const Value& expected) {
  if (ours.as_map().size() != expected.as_map().size()) return false;
  for (const MapEntry& wanted : expected.as_map()) {
    bool is_there = false;
    for (const MapEntry& entry : ours.as_map()) {
      is_there |= matches(entry.key, wanted.key) && matches(entry.value, wanted.value);
    }
    if (!is_there) return false;
  }
  return true;
}

// Same type and content; doubles by their bits, but every NaN is as good as another.
bool matches(const Value& ours, const Value& expected) {
  if (ours.kind() != expected.kind()) return false;
  switch (ours.kind()) {
    case Kind::number:
      if (std::isnan(ours.as_double())) return std::isnan(expected.as_double());
      return std::bit_cast<std::uint64_t>(ours.as_double()) ==
             std::bit_cast<std::uint64_t>(expected.as_double());
    case Kind::list:
      return std::ranges::equal(ours.as_list(), expected.as_list(), matches);
    case Kind::map:
      return matches_map(ours, expected);
    case Kind::type:
      return ours.as_text() == expected.as_text();
    case Kind::error:
      return false;
    default:
      return is_same(ours, expected);
  }
}

// The names of one row.
class RowNames final : public cel::Bindings {
 public:
  RowNames(const json& row, Arena& arena) : environment_(row.value("container", "")) {
    for (const json& declared : row.value("type_env", json::array())) {
      if (!declared.contains("type")) continue;
      std::string_view text = declared.at("type").get_ref<const std::string&>();
      const cel::Type* type = cel::parse_type(text, environment_.types());
      declare(declared.at("name"), type == nullptr ? cel::dyn_type() : type);
    }
    for (const auto& [name, binding] : row.at("bindings").items()) {
      if (!environment_.find(name)) declare(name, cel::dyn_type());
      if (binding.contains("value")) {
        values_[*environment_.find(name)] = read_value(binding.at("value"), arena);
      }
    }
  }

  const cel::Environment& environment() const { return environment_; }
  Value fetch(std::size_t variable, Arena&) const override { return values_[variable]; }

 private:
  void declare(const std::string& name, const cel::Type* type) {
    environment_.declare(name, type);
    values_.push_back(Value::error("the variable has no value"));
  }

  cel::Environment environment_;
  std::vector<Value> values_;
};

// An expression that is written again from what was read must read as the same.
bool reads_the_same_again(const cel::Ast& ast) {
  const std::string written = cel::unparse(*ast.root);
  cel::Ast again;
  std::vector<ExpressionError> errors;
  cel::parse(written, again, errors);
  return errors.empty() && cel::unparse(*again.root) == written;
}

struct Outcome {
  Value value;
  std::string type;
  bool is_unparsed_well = true;
};

// Errors of all stages are error values: the data does not tell them apart.
Outcome evaluate(const json& row, Arena& arena) {
  const RowNames names(row, arena);
  const std::string& text = row.at("expr").get_ref<const std::string&>();
  cel::Ast ast;
  std::vector<ExpressionError> errors;
  const auto failed = [&] {
    const ExpressionError& first = errors.front();
    const std::string message = "at " + std::to_string(first.offset) + ": " + first.message;
    return Outcome{Value::error(arena.copy(std::string_view(message))), {}, true};
  };
  cel::parse(text, ast, errors);
  if (!errors.empty()) return failed();
  Outcome outcome;
  outcome.is_unparsed_well = reads_the_same_again(ast);
  cel::Types types;
  const cel::CheckOptions options{.promote_numbers = false,
                                  .refuse_errors = !row.value("disable_check", false)};
  cel::check(ast, names.environment(), options, types, errors);
  if (!errors.empty()) return failed();
  outcome.type = cel::type_text(*ast.root->type);
  if (row.value("check_only", false)) return outcome;
  const cel::Program program = cel::compile(ast, errors);
  if (!errors.empty()) return failed();
  cel::Context context(arena, budget);
  outcome.value = copy_to(arena, cel::run(program, names, context));
  return outcome;
}

// Empty: as expected.
std::string compare(const Outcome& outcome, const json& expect, Arena& arena) {
  if (!outcome.is_unparsed_well) return "reads otherwise when it is written again";
  const std::string ours =
      outcome.value.is_error()
          ? "error " + std::string(outcome.value.as_text())
          : std::string(kind_name(outcome.value.kind())) + " " + to_json(outcome.value);
  if (expect.contains("error") || expect.contains("error_any_of")) {
    return outcome.value.is_error() ? "" : "gives " + ours + ", not an error";
  }
  if (expect.contains("deduced_type") && expect.at("deduced_type") != outcome.type) {
    return "has type " + outcome.type + ", not " + expect.at("deduced_type").dump();
  }
  if (expect.contains("value") && !matches(outcome.value, read_value(expect.at("value"), arena))) {
    return "gives " + ours + ", not " + expect.at("value").dump();
  }
  return {};
}

}  // namespace

void run_cel_spec(const Suite& suite, Report& report) {
  each_row(suite.part_folder() / "cel_conformance.jsonl", [&](const json& row) {
    if (const Rule* rule = suite.declared(row)) {
      report.not_supported(rule->name);
      return;
    }
    Arena arena;
    const std::string& text = row.at("expr").get_ref<const std::string&>();
    const std::string problem = compare(evaluate(row, arena), row.at("expect"), arena);
    if (problem.empty()) {
      report.pass();
    } else {
      report.fail(row.at("id").get<std::string>(), text + " " + problem);
    }
  });
}

}  // namespace sluice::conformance
