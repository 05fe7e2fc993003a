#include "pipelines/windows/emit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/windows/emit_text.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using sluice::testing::make_event;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> parts(std::string_view text) {
  const auto parsed = parse_emit(text);
  if (const auto* error = std::get_if<StepError>(&parsed)) {
    return {"error", std::to_string(error->offset)};
  }
  const auto& emit = std::get<EmitText>(parsed);
  std::vector<std::string> found{std::string(emit.name.text)};
  for (const auto& part : emit.arguments) {
    EXPECT_EQ(text.substr(part.offset, part.text.size()), part.text);
    found.emplace_back(part.text);
  }
  return found;
}

TEST(EmitText, Is_a_name_and_arguments_in_parentheses) {
  EXPECT_THAT(parts("count()"), ElementsAre("count"));
  EXPECT_THAT(parts(" avg ( data.temperature ) "), ElementsAre("avg", "data.temperature"));
  EXPECT_THAT(parts("collect(data.x, 20)"), ElementsAre("collect", "data.x", "20"));
}

TEST(EmitText, Commas_and_brackets_inside_an_argument_are_its_own) {
  EXPECT_THAT(parts("max([1, 2][f(a, b)])"), ElementsAre("max", "[1, 2][f(a, b)]"));
  EXPECT_THAT(parts("count(data.s == '),(')"), ElementsAre("count", "data.s == '),('"));
  EXPECT_THAT(parts(R"(count(data.s == "\"),("))"), ElementsAre("count", R"(data.s == "\"),(")"));
  EXPECT_THAT(parts(R"(count(data.s == r"\", 3))"), ElementsAre("count", R"(data.s == r"\")", "3"));
  EXPECT_THAT(parts("count('''a'),''' == data.s)"), ElementsAre("count", "'''a'),''' == data.s"));
}

TEST(EmitText, What_is_wrong_is_told_with_its_place) {
  EXPECT_THAT(parts("  "), ElementsAre("error", "2"));
  EXPECT_THAT(parts("(data.x)"), ElementsAre("error", "0"));
  EXPECT_THAT(parts("avg data.x"), ElementsAre("error", "4"));
  EXPECT_THAT(parts("avg"), ElementsAre("error", "3"));
  EXPECT_THAT(parts("avg(data.x"), ElementsAre("error", "3"));
  EXPECT_THAT(parts("avg(data.x]"), ElementsAre("error", "3"));
  EXPECT_THAT(parts("avg('a)"), ElementsAre("error", "3"));
  EXPECT_THAT(parts("avg(data.x) * 2.0"), ElementsAre("error", "12"));
}

StepErrors errors_of(std::vector<EmitField> fields) {
  auto compiled = Emit::compile(fields);
  const auto* errors = std::get_if<StepErrors>(&compiled);
  return errors == nullptr ? StepErrors{} : *errors;
}

TEST(Emit, Each_error_names_its_field_and_place) {
  const auto errors = errors_of({{"a", "mean(data.x)"},
                                 {"b", " avg()"},
                                 {"c", "count(data.x, 1)"},
                                 {"d", "collect(data.x, many)"},
                                 {"e", "collect(data.x, 5000)"},
                                 {"f", "avg(data.x +)"},
                                 {"a", "count()"}});
  std::vector<std::string> found;
  for (const StepError& error : errors) {
    found.push_back(error.field + ":" + std::to_string(error.offset));
  }
  EXPECT_THAT(found, ElementsAre("emit.a:0", "emit.b:1", "emit.c:0", "emit.d:16", "emit.e:16",
                                 ::testing::StartsWith("emit.f:"), "emit.a:0"));
  EXPECT_THAT(errors[0].message, HasSubstr("there are argmax, argmin, avg,"));
  EXPECT_GE(errors[5].offset, 4U);
  EXPECT_EQ(errors_of({}).at(0).field, "emit");
}

std::unique_ptr<Emit> compile(std::vector<EmitField> fields) {
  return std::get<std::unique_ptr<Emit>>(Emit::compile(fields));
}

TEST(Emit, Results_come_in_the_order_of_the_configuration) {
  Arena arena;
  const auto emit = compile({{"z", "max(data.v)"}, {"n", "count()"}, {"a", "sum(data.v)"}});
  Pane pane = emit->make_pane();
  Emit::LeftOut left_out;
  for (const int v : {3, 9, 4}) {
    const Event* event = make_event(arena, {{"v", Value::integer(v)}});
    emit->add(pane, *emit->read(*event, arena), event->time, left_out);
  }
  EXPECT_EQ(to_json(emit->result(pane, arena)), R"({"z":9,"n":3,"a":16})");
}

TEST(Emit, An_absent_or_null_field_is_left_out_and_counted) {
  Arena arena;
  const auto emit = compile({{"mean", "avg(data.v)"}, {"n", "count()"}, {"has", "count(data.v)"}});
  Pane pane = emit->make_pane();
  Emit::LeftOut left_out;
  for (const Event* event :
       {make_event(arena, {{"v", Value::integer(4)}}),
        make_event(arena, {{"w", Value::integer(1)}}), make_event(arena, {{"v", Value::null()}})}) {
    emit->add(pane, *emit->read(*event, arena), event->time, left_out);
  }
  EXPECT_EQ(to_json(emit->result(pane, arena)), R"({"mean":4,"n":3,"has":1})");
  EXPECT_EQ(left_out.absent, 4U);
}

TEST(Emit, An_aggregate_of_two_fields_leaves_out_events_that_lack_one_of_them) {
  Arena arena;
  const auto emit = compile({{"hottest", "argmax(data.name, data.v)"}, {"n", "count()"}});
  Pane pane = emit->make_pane();
  Emit::LeftOut left_out;
  for (const Event* event :
       {make_event(arena, {{"name", Value::string("a")}}),
        make_event(arena, {{"v", Value::integer(99)}}),
        make_event(arena, {{"name", Value::string("b")}, {"v", Value::integer(7)}}),
        make_event(arena, {{"name", Value::string("c")}, {"v", Value::integer(5)}})}) {
    emit->add(pane, *emit->read(*event, arena), event->time, left_out);
  }
  EXPECT_EQ(to_json(emit->result(pane, arena)), R"({"hottest":"b","n":4})");
  EXPECT_EQ(left_out.absent, 2U);
  const auto wrong = emit->read(
      *make_event(arena, {{"name", Value::string("d")}, {"v", Value::string("hot")}}), arena);
  ASSERT_FALSE(wrong.is_ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("needs a finite number to go by"));
}

TEST(Emit, An_aggregate_takes_as_many_numbers_as_its_usage_shows) {
  Arena arena;
  const auto emit = compile({{"p", "percentiles(data.v, 0, 100)"}});
  Pane pane = emit->make_pane();
  Emit::LeftOut left_out;
  for (const int v : {3, 9, 4}) {
    const Event* event = make_event(arena, {{"v", Value::integer(v)}});
    emit->add(pane, *emit->read(*event, arena), event->time, left_out);
  }
  EXPECT_EQ(to_json(emit->result(pane, arena)), R"({"p":{"p0":3,"p100":9}})");
  EXPECT_EQ(errors_of({{"p", "percentile(data.v)"}}).at(0).message, "write percentile(x, 99)");
  EXPECT_EQ(errors_of({{"a", "argmin(data.v)"}}).at(0).message, "write argmin(x, by)");
}

TEST(Emit, A_wrong_type_and_a_failing_expression_are_errors_that_name_the_field) {
  Arena arena;
  const auto emit =
      compile({{"n", "count()"}, {"mean", "avg(data.v)"}, {"twice", "sum(data.v * 2.0)"}});
  const auto wrong = emit->read(*make_event(arena, {{"v", Value::string("hot")}}), arena);
  ASSERT_FALSE(wrong.is_ok());
  EXPECT_EQ(wrong.error().message, R"(emit.mean: needs a finite number, not "hot" (string))");
  const auto failing = emit->read(*make_event(arena, {{"w", Value::integer(1)}}), arena);
  ASSERT_FALSE(failing.is_ok());
  EXPECT_THAT(failing.error().message, HasSubstr("emit.twice: "));
}

TEST(Emit, Merging_two_panes_is_as_adding_all_to_one) {
  Arena arena;
  const auto emit = compile({{"all", "collect(data.v)"}, {"sum", "sum(data.v)"}});
  Pane early = emit->make_pane();
  Pane later = emit->make_pane();
  Emit::LeftOut left_out;
  for (const int v : {1, 2, 3, 4}) {
    const Event* event = make_event(arena, {{"v", Value::integer(v)}});
    emit->add(v < 3 ? early : later, *emit->read(*event, arena), event->time, left_out);
  }
  emit->merge(early, later);
  EXPECT_EQ(to_json(emit->result(early, arena)), R"({"all":[1,2,3,4],"sum":10})");
}

}  // namespace
}  // namespace sluice
