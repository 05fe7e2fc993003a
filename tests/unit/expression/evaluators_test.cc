// The compiled form against a plain walk over the tree: the same value, or both an error.
#include <gtest/gtest.h>

#include <algorithm>

#include "pipelines/expression/checker.h"
#include "pipelines/expression/compiler.h"
#include "pipelines/expression/machine.h"
#include "pipelines/expression/parser.h"
#include "pipelines/expression/unparse.h"
#include "tests/unit/expression/fixture.h"
#include "tests/unit/expression/random_expression.h"
#include "tests/unit/expression/tree_walker.h"

namespace sluice::cel {
namespace {

constexpr std::uint64_t budget = 1'000'000;

class Evaluators : public ExpressionTest {
 protected:
  // What one of them gives, as text that tells types apart.
  static std::string told(const Value& value) {
    if (value.is_error()) return "an error";
    std::string text;
    encode(text, value);
    return std::string(kind_name(value.kind())) + " " + to_json(value) + " " + text;
  }

  static void read(const std::string& text, bool refuses, Ast& ast, Types& types,
                   std::vector<ExpressionError>& errors) {
    parse(text, ast, errors);
    if (!errors.empty()) return;
    check(ast, event_environment(), {.refuse_errors = refuses}, types, errors);
  }

  // Whether `text` compiled; fails the test when the two evaluators differ.
  bool agree(const std::string& text, bool refuses) {
    Ast walked;
    Ast compiled;
    Types types;
    std::vector<ExpressionError> errors;
    read(text, refuses, walked, types, errors);
    read(text, refuses, compiled, types, errors);
    if (!errors.empty()) return false;
    const Program program = compile(compiled, errors);
    if (!errors.empty()) return false;
    const EventBindings bindings(event_);
    Arena arena;
    Context for_walker(arena, budget);
    Context for_machine(arena, budget);
    const std::string expected = told(TreeWalker(bindings, for_walker).evaluate(*walked.root));
    EXPECT_EQ(told(run(program, bindings, for_machine)), expected) << text;
    return true;
  }
};

TEST_F(Evaluators, Agree_on_random_expressions) {
  int compiled = 0;
  constexpr int count = 20'000;
  for (std::uint32_t seed = 1; seed <= count; ++seed) {
    compiled += agree(RandomExpression(seed).next(), seed % 2 == 0) ? 1 : 0;
    if (HasFailure()) break;
  }
  EXPECT_GT(compiled, count / 2);  // the grammar makes expressions that mean something
}

TEST_F(Evaluators, Random_expressions_read_the_same_when_they_are_written_again) {
  for (std::uint32_t seed = 1; seed <= 2'000; ++seed) {
    RandomExpression random(seed);
    const std::string text = random.next();
    Ast first;
    Ast second;
    std::vector<ExpressionError> errors;
    parse(text, first, errors);
    ASSERT_TRUE(errors.empty()) << text << ": " << errors.front().message;
    const std::string written = unparse(*first.root);
    parse(written, second, errors);
    ASSERT_TRUE(errors.empty()) << written << ": " << errors.front().message;
    EXPECT_EQ(unparse(*second.root), written) << text;
  }
}

// Only what lies on one of the paths; a path that meets no map takes what it meets.
Value part_of(const Value& value, const std::vector<std::span<const std::string>>& paths,
              Arena& arena) {
  const bool is_wanted_whole =
      std::ranges::any_of(paths, [](const auto& path) { return path.empty(); });
  if (value.kind() != Kind::map || is_wanted_whole) return value;
  std::vector<MapEntry> entries;
  for (const MapEntry& entry : value.as_map()) {
    std::vector<std::span<const std::string>> below;
    for (const auto& path : paths) {
      if (path.front() == entry.key.as_text()) below.push_back(path.subspan(1));
    }
    if (!below.empty()) entries.push_back({entry.key, part_of(entry.value, below, arena)});
  }
  return Value::map(arena.copy(std::span<const MapEntry>(entries)));
}

TEST_F(Evaluators, An_expression_looks_at_no_data_but_at_its_paths) {
  int narrow = 0;
  for (std::uint32_t seed = 1; seed <= 10'000; ++seed) {
    const std::string text = RandomExpression(seed).next();
    const auto compiled = Expression::compile(text);
    if (!std::holds_alternative<Expression>(compiled)) continue;
    const auto& expression = std::get<Expression>(compiled);
    Arena arena;
    Event partial = event_;
    const DataPaths& looks_at = expression.data_paths();
    partial.data = part_of(event_.data, {looks_at.begin(), looks_at.end()}, arena);
    narrow += to_json(partial.data) != to_json(event_.data) ? 1 : 0;
    ASSERT_EQ(to_json(expression.evaluate(partial, arena)),
              to_json(expression.evaluate(event_, arena)))
        << text;
  }
  EXPECT_GT(narrow, 5'000);
}

}  // namespace
}  // namespace sluice::cel
