#include "pipelines/schema/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Result<JsonSchema> compiled(std::string_view schema) {
  Arena arena;
  const auto value = parse_json(schema, arena);
  EXPECT_TRUE(value.is_ok()) << schema;
  return JsonSchema::compile(*value);
}

// Empty: valid.
std::string fault_of(std::string_view schema, std::string_view data) {
  const auto made = compiled(schema);
  if (!made) return "schema: " + made.error().message;
  Arena arena;
  const auto value = parse_json(data, arena);
  EXPECT_TRUE(value.is_ok()) << data;
  return made->check(*value).value_or("");
}
std::string error_of(std::string_view schema) {
  const auto made = compiled(schema);
  return made ? "" : made.error().message;
}

TEST(JsonSchema, A_fault_says_where_and_what) {
  constexpr std::string_view schema = R"({
    "type": "object", "required": ["ts"],
    "properties": {
      "ts": {"type": "string", "format": "date-time"},
      "readings": {"type": "array", "maxItems": 3, "uniqueItems": true,
                   "items": {"$ref": "#/definitions/reading"}}},
    "additionalProperties": false,
    "definitions": {"reading": {"properties": {
      "t": {"type": "number", "exclusiveMaximum": 100, "multipleOf": 0.1},
      "unit": {"enum": ["C", "F"]},
      "sensor": {"type": "string", "minLength": 2, "pattern": "^s[0-9]+$"}}}}})";
  const auto fault = [&](std::string_view data) { return fault_of(schema, data); };
  constexpr std::string_view good = "2026-01-01T00:00:00Z";
  const auto with = [&](std::string_view rest) {
    return "{\"ts\":\"" + std::string(good) + "\"" + std::string(rest) + "}";
  };
  EXPECT_EQ(fault(with(R"(,"readings":[{"t":99.9,"unit":"C","sensor":"s12"},{}])")), "");
  EXPECT_EQ(fault("{}"), "data: has no field 'ts'");
  EXPECT_EQ(fault("[]"), "data: [] is not of type object");
  EXPECT_EQ(fault(R"({"ts":"today"})"),
            "data.ts: \"today\" is no date-time such as 2026-01-31T08:00:00Z");
  EXPECT_EQ(fault(with(R"(,"x":1)")), "data.x: may not be there");
  EXPECT_EQ(fault(with(R"(,"readings":[{},{"t":100}])")),
            "data.readings[1].t: 100 is not less than 100");
  EXPECT_EQ(fault(with(R"(,"readings":[{"t":0.25}])")),
            "data.readings[0].t: 0.25 is not a multiple of 0.1");
  EXPECT_EQ(fault(with(R"(,"readings":[{"unit":"K"}])")),
            R"(data.readings[0].unit: "K" is not one of ["C","F"])");
  EXPECT_EQ(fault(with(R"(,"readings":[{"sensor":"x1"}])")),
            R"(data.readings[0].sensor: "x1" does not match "^s[0-9]+$")");
  EXPECT_EQ(fault(with(R"(,"readings":[{"sensor":"s"}])")),
            "data.readings[0].sensor: has 1 characters, less than 2");
  EXPECT_EQ(fault(with(R"(,"readings":[{"t":1},{"t":1.0}])")),
            R"(data.readings: {"t":1} is in the list twice)");
  EXPECT_EQ(fault(with(R"(,"readings":[1,2,3,4])")), "data.readings: has 4 items, more than 3");
}

TEST(JsonSchema, What_would_be_checked_by_nobody_is_refused_with_its_place) {
  EXPECT_THAT(error_of(R"({"properties": {"a/b": {"requird": ["x"]}}})"),
              StartsWith("#/properties/a~1b/requird: this keyword is not known"));
  EXPECT_THAT(error_of(R"({"requird": []})"), HasSubstr("did you mean 'required'"));
  EXPECT_THAT(error_of(R"({"unevaluatedProperties": false})"), HasSubstr("not known"));
  EXPECT_EQ(error_of(R"({"x-owner": "us", "title": "t", "$comment": "c"})"), "");
  EXPECT_THAT(error_of(R"({"type": "float"})"), StartsWith("#/type: must be null, boolean"));
  EXPECT_THAT(error_of(R"({"pattern": "("})"), StartsWith("#/pattern: "));
  EXPECT_THAT(error_of(R"({"minimum": "1"})"), StartsWith("#/minimum: must be a number"));
  EXPECT_THAT(error_of(R"({"maxItems": -1})"), StartsWith("#/maxItems: must be a whole number"));
  EXPECT_THAT(error_of(R"({"allOf": []})"), StartsWith("#/allOf: must be a list of schemas"));
  EXPECT_THAT(error_of(R"({"items": 5})"), StartsWith("#/items: a schema is"));
  EXPECT_THAT(error_of(R"({"$ref": "#/definitions/x"})"),
              HasSubstr("there is no '#/definitions/x'"));
  EXPECT_THAT(error_of(R"({"$ref": "http://x/y.json"})"), HasSubstr("is not in this file"));
}

TEST(JsonSchema, A_circle_ends_and_a_recursive_schema_checks_a_tree) {
  EXPECT_THAT(fault_of(R"({"$ref": "#"})", "1"),
              HasSubstr("too many steps; is the schema circular?"));
  EXPECT_THAT(fault_of(R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})", "1"),
              HasSubstr("too many steps"));
  EXPECT_THAT(fault_of(R"({"not": {"$ref": "#"}})", "1"), HasSubstr("too many steps"));
  constexpr std::string_view tree =
      R"({"properties": {"v": {"type": "integer"}, "sub": {"type": "array", "items": {"$ref": "#"}}}})";
  EXPECT_EQ(fault_of(tree, R"({"v":1,"sub":[{"v":2},{"sub":[{"v":3}]}]})"), "");
  EXPECT_EQ(fault_of(tree, R"({"v":1,"sub":[{"v":2},{"sub":[{"v":"x"}]}]})"),
            R"(data.sub[1].sub[0].v: "x" is not of type integer)");
}

TEST(JsonSchema, A_long_text_is_matched_in_linear_time_and_a_large_list_ends) {
  const auto made = compiled(R"({"properties": {"t": {"pattern": "^(a|b|ab)*$"},
                                                "l": {"uniqueItems": true}}})");
  const std::string text(1'000'000, 'a');
  const MapEntry data[] = {{Value::string("t"), Value::string(text)}};
  EXPECT_EQ(made->check(Value::map(data)), std::nullopt);
  std::vector<Value> many;
  for (int i = 0; i < 200'000; ++i) many.push_back(Value::integer(i));
  const MapEntry list[] = {{Value::string("l"), Value::list(many)}};
  EXPECT_EQ(made->check(Value::map(list)), "data.l: checking it takes too many steps");
}

TEST(JsonSchema, Multiples_of_whole_numbers_are_exact_and_those_of_fractions_allow_for_rounding) {
  const auto is_multiple = [](std::string_view unit, std::string_view of) {
    return fault_of("{\"multipleOf\":" + std::string(unit) + "}", of).empty();
  };
  for (const auto of : {"1000000000", "-4", "0", "4.0", "9007199254740994", "1e18"})
    EXPECT_TRUE(is_multiple("2", of)) << of;
  for (const auto of : {"1000000001", "-3", "2.5", "9007199254740993"})
    EXPECT_FALSE(is_multiple("2", of)) << of;
  EXPECT_TRUE(is_multiple("9007199254740993", "9007199254740993"));
  EXPECT_FALSE(is_multiple("9007199254740993", "9007199254740992"));
  for (const auto of : {"0.3", "0.7", "-1.1", "1234567.8", "12345678901.2"})
    EXPECT_TRUE(is_multiple("0.1", of)) << of;
  for (const auto of : {"0.25", "0.3000000001", "12345678.9001"})
    EXPECT_FALSE(is_multiple("0.1", of)) << of;
}

TEST(JsonSchema, Items_are_unique_if_none_is_equal_as_JSON_to_another) {
  const auto is_unique = [](std::string_view list) {
    return fault_of(R"({"uniqueItems": true})", list).empty();
  };
  for (const auto list :
       {R"([1, 2, 1.5, "1", true, null, [1], {"a": 1}])", R"([[1, 2], [12], []])",
        R"([{"a": {"b": 1}}, {"a": {"b": 2}}, {"b": 1}, {}])",
        R"(["a", "ab", ["a", "b"], ["ab", ""]])", "[9007199254740993, 9007199254740992.0]"})
    EXPECT_TRUE(is_unique(list)) << list;
  for (const auto list : {"[1, 2, 1.0]", "[0, -0.0]", "[[1, [2]], [1.0, [2.0]]]", "[null, null]",
                          R"([{"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3.0, "c": 2}, "a": 1}])",
                          "[1152921504606846976, 1152921504606846976.0]"})
    EXPECT_FALSE(is_unique(list)) << list;
}

TEST(JsonSchema, Lists_of_many_items_and_of_large_objects_can_be_unique) {
  const auto made = compiled(R"({"uniqueItems": true})");
  std::vector<Value> many;
  for (int i = 0; i < 50'000; ++i) many.push_back(Value::integer(i));
  EXPECT_EQ(made->check(Value::list(many)), std::nullopt);
  many.push_back(Value::number(7));
  EXPECT_EQ(made->check(Value::list(many)), "data: 7 is in the list twice");

  std::vector<std::string> names;
  for (int i = 0; i < 5'000; ++i) names.push_back("field" + std::to_string(i));
  std::vector<std::vector<MapEntry>> objects(10);
  std::vector<Value> list;
  for (auto& object : objects) {
    for (const std::string& name : names)
      object.push_back({Value::string(name), Value::integer(1)});
    object.back().value = Value::integer(static_cast<std::int64_t>(list.size()));
    if (list.size() % 2 == 1) std::ranges::reverse(object);
    list.push_back(Value::map(object));
  }
  EXPECT_EQ(made->check(Value::list(list)), std::nullopt);
  objects[9].front().value = Value::integer(0);
  EXPECT_THAT(made->check(Value::list(list)).value_or(""), HasSubstr("is in the list twice"));
}

TEST(JsonSchema, Long_texts_that_are_compared_again_and_again_end) {
  const auto made = compiled(R"({"uniqueItems": true, "items": {"$ref": "#"}})");
  const std::string text(8'000'000, 'a');
  std::array<Value, 30> levels;  // a list around each but the last
  levels.back() = Value::string(text);
  for (std::size_t i = levels.size() - 1; i > 0; --i) levels[i - 1] = Value::list({&levels[i], 1});
  EXPECT_THAT(made->check(levels.front()).value_or(""), HasSubstr("too many steps"));
}

TEST(JsonSchema, NaN_and_infinities_are_null_as_JSON_writes_them) {
  const auto bounded = compiled(R"({"type": "number", "minimum": 0, "maximum": 5})");
  const auto optional = compiled(R"({"type": ["integer", "null"], "maximum": 5})");
  const auto unique = compiled(R"({"uniqueItems": true})");
  for (const double number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(bounded->check(Value::number(number)), "data: null is not of type number");
    EXPECT_EQ(optional->check(Value::number(number)), std::nullopt);
    const Value items[] = {Value::null(), Value::number(number)};
    EXPECT_EQ(unique->check(Value::list(items)), "data: null is in the list twice");
  }
}

TEST(JsonSchema, A_key_that_is_no_text_is_no_property) {
  const MapEntry entries[] = {{Value::integer(1), Value::string("x")},
                              {Value::string("a"), Value::integer(2)}};
  const Value data = Value::map(entries);
  const auto fault = [&](std::string_view schema) {
    return compiled(schema)->check(data).value_or("");
  };
  EXPECT_EQ(fault(R"({"properties": {"1": false}, "patternProperties": {"1": false}})"), "");
  EXPECT_EQ(fault(R"({"required": ["1"]})"), "data: has no field '1'");
  EXPECT_EQ(fault(R"({"properties": {"a": true}, "additionalProperties": false})"),
            "data.1: may not be there");
  EXPECT_EQ(fault(R"({"propertyNames": {"pattern": "^[a-z]$"}})"),
            R"(data.1: "1" does not match "^[a-z]$")");
  EXPECT_EQ(fault(R"({"const": {"1": "x", "a": 2}})"),
            R"(data: {"1":"x","a":2} is not one of [{"1":"x","a":2}])");

  const auto unique = compiled(R"({"uniqueItems": true})");
  const MapEntry text_key[] = {{Value::string("1"), Value::string("x")},
                               {Value::string("a"), Value::integer(2)}};
  const MapEntry turned[] = {entries[1], entries[0]};
  const Value different[] = {data, Value::map(text_key)};
  EXPECT_EQ(unique->check(Value::list(different)), std::nullopt);
  const Value equal[] = {data, Value::map(turned)};
  EXPECT_THAT(unique->check(Value::list(equal)).value_or(""), HasSubstr("twice"));

  const auto refused = JsonSchema::compile(data);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "#: its names must be texts");
}

TEST(JsonSchema, A_text_that_no_keyword_asks_about_is_not_read) {
  const auto made = compiled(R"({"items": {"type": "string"}})");
  constexpr std::size_t size = 4096;
  void* const unreadable = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(unreadable, MAP_FAILED);
  const std::string_view text(static_cast<const char*>(unreadable), size);
  const Value items[] = {Value::bytes(text), Value::string(text)};
  // In a process of its own, which reading would end.
  EXPECT_EXIT(std::_Exit(made->check(Value::list(items)) ? 1 : 0), ::testing::ExitedWithCode(0),
              "");
  munmap(unreadable, size);
}

TEST(JsonSchema, A_reference_may_point_into_a_list) {
  constexpr std::string_view schema = R"({
    "properties": {"v": {"$ref": "#/x-forms/1/anyOf/0"}},
    "x-forms": [false, {"anyOf": [{"type": "integer"}]}]})";
  EXPECT_EQ(fault_of(schema, R"({"v": 1})"), "");
  EXPECT_EQ(fault_of(schema, R"({"v": "1"})"), R"(data.v: "1" is not of type integer)");
  for (const std::string step : {"1", "00", "-1", "+0", "-", "", "0x", "99999999999999999999"}) {
    EXPECT_THAT(error_of("{\"allOf\": [true], \"not\": {\"$ref\": \"#/allOf/" + step + "\"}}"),
                HasSubstr("there is no '#/allOf/" + step + "'"));
  }
}

TEST(JsonSchema, Values_that_JSON_writes_as_text_are_text) {
  const auto made = compiled(R"({"type": "string", "pattern": "^2026-"})");
  const Timestamp time = *parse_timestamp("2026-05-01T00:00:00Z");
  EXPECT_EQ(made->check(Value::timestamp(time)), std::nullopt);
}

}  // namespace
}  // namespace sluice
