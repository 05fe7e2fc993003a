#include "pipelines/schema/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

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
  EXPECT_THAT(fault_of(R"({"$ref": "#"})", "1"), HasSubstr("too many steps"));
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
  for (int i = 0; i < 5'000; ++i) many.push_back(Value::integer(i));
  const MapEntry list[] = {{Value::string("l"), Value::list(many)}};
  EXPECT_THAT(made->check(Value::map(list)).value_or(""), HasSubstr("too many steps"));
}

TEST(JsonSchema, Values_that_JSON_writes_as_text_are_text) {
  const auto made = compiled(R"({"type": "string", "pattern": "^2026-"})");
  const Timestamp time = *parse_timestamp("2026-05-01T00:00:00Z");
  EXPECT_EQ(made->check(Value::timestamp(time)), std::nullopt);
}

// --- Against another implementation, over random schemas and values ---

class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}
  int pick(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1));
  }
  std::string name() { return std::string(1, static_cast<char>('a' + pick(0, 3))); }

  nlohmann::json value(int depth) {
    switch (pick(0, depth > 0 ? 7 : 5)) {
      case 0:
        return nullptr;
      case 1:
        return pick(0, 1) == 0;
      case 2:
        return pick(-3, 3);
      case 3:
        return pick(-6, 6) / 2.0 + 0.25;
      case 4:
      case 5:
        return std::string(static_cast<std::size_t>(pick(0, 3)),
                           static_cast<char>('a' + pick(0, 2)));
      case 6: {
        nlohmann::json list = nlohmann::json::array();
        for (int i = pick(0, 3); i > 0; --i) list.push_back(value(depth - 1));
        return list;
      }
      default: {
        nlohmann::json object = nlohmann::json::object();
        for (int i = pick(0, 3); i > 0; --i) object[name()] = value(depth - 1);
        return object;
      }
    }
  }

  nlohmann::json schema(int depth) {
    nlohmann::json out = nlohmann::json::object();
    for (int i = pick(0, 3); i > 0; --i) add_keyword(out, depth);
    return out;
  }

 private:
  nlohmann::json schemas(int depth) {
    nlohmann::json list = nlohmann::json::array();
    for (int i = pick(1, 3); i > 0; --i) list.push_back(schema(depth - 1));
    return list;
  }
  nlohmann::json names() {
    nlohmann::json list = nlohmann::json::array();
    list.push_back(name());
    return list;
  }
  void add_keyword(nlohmann::json& out, int depth) {
    static constexpr std::array types = {"null",   "boolean", "integer", "number",
                                         "string", "array",   "object"};
    switch (pick(0, depth > 0 ? 24 : 12)) {
      case 0:
        out["type"] = types[static_cast<std::size_t>(pick(0, 6))];
        break;
      case 1:
        out["type"] = {types[static_cast<std::size_t>(pick(0, 2))],
                       types[static_cast<std::size_t>(pick(3, 6))]};
        break;
      case 2:
        out["minimum"] = pick(-2, 2);
        break;
      case 3:
        out["maximum"] = pick(-2, 2);
        break;
      case 4:
        out["exclusiveMinimum"] = pick(-2, 2);
        break;
      case 5:
        out["minLength"] = pick(0, 3);
        break;
      case 6:
        out["maxLength"] = pick(0, 3);
        break;
      case 7:
        out["pattern"] = pick(0, 1) == 0 ? "^a" : "b|cc";
        break;
      case 8:
        if (!out.contains("const")) out["enum"] = {value(1), value(1), value(0)};
        break;
      case 9:
        if (!out.contains("enum")) out["const"] = value(1);
        break;
      case 10:
        out["required"] = names();
        break;
      case 11:
        out[pick(0, 1) == 0 ? "minItems" : "maxItems"] = pick(0, 3);
        break;
      case 12:
        out[pick(0, 1) == 0 ? "minProperties" : "maxProperties"] = pick(0, 3);
        break;
      case 13:
        out["uniqueItems"] = pick(0, 1) == 0;
        break;
      case 14:
      case 15:
        out["properties"][name()] = schema(depth - 1);
        break;
      case 16:
        out["patternProperties"]["[ab]"] = schema(depth - 1);
        break;
      case 17:
        out["additionalProperties"] = pick(0, 1) == 0 ? nlohmann::json(false) : schema(depth - 1);
        break;
      case 18:
        out["items"] = pick(0, 1) == 0 ? schema(depth - 1) : schemas(depth);
        break;
      case 19:
        out["additionalItems"] = schema(depth - 1);
        break;
      case 20:
        out[pick(0, 1) == 0 ? "contains" : "propertyNames"] = schema(depth - 1);
        break;
      case 21:
        out[pick(0, 1) == 0 ? "allOf" : "anyOf"] = schemas(depth);
        break;
      case 22:
        out["oneOf"] = schemas(depth);
        break;
      case 23:
        out["not"] = schema(depth - 1);
        break;
      default:
        out["if"] = schema(depth - 1);
        out["then"] = schema(depth - 1);
        out["else"] = schema(depth - 1);
    }
  }

  std::mt19937 random_;
};

TEST(JsonSchema, Agrees_with_another_implementation) {
  std::size_t valid = 0;
  std::size_t invalid = 0;
  for (unsigned seed = 0; seed < 4'000; ++seed) {
    Random random(seed);
    const nlohmann::json schema = random.schema(3);
    valijson::Schema other;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), other);
    for (int i = 0; i < 10; ++i) {
      const nlohmann::json data = random.value(3);
      const bool is_valid = valijson::Validator().validate(
          other, valijson::adapters::NlohmannJsonAdapter(data), nullptr);
      const std::string fault = fault_of(schema.dump(), data.dump());
      ASSERT_EQ(fault.empty(), is_valid) << schema.dump() << "\n" << data.dump() << "\n" << fault;
      ++(is_valid ? valid : invalid);
    }
  }
  EXPECT_GT(valid, 5'000u);
  EXPECT_GT(invalid, 5'000u);
}

}  // namespace
}  // namespace sluice
