// The schema checker against another implementation, over random schemas and values. Built where
// libvalijson-dev is installed, as .ci/run does: it brings far more than one test is worth
// elsewhere.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "drivers/codecs/json.h"
#include "pipelines/schema/json_schema.h"

namespace sluice {
namespace {

// Empty: valid.
std::string fault_of(const nlohmann::json& schema, const nlohmann::json& data) {
  Arena arena;
  const auto made = JsonSchema::compile(parse_json(schema.dump(), arena).value());
  if (!made) return "schema: " + made.error().message;
  return made->check(parse_json(data.dump(), arena).value()).value_or("");
}

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
      const std::string fault = fault_of(schema, data);
      ASSERT_EQ(fault.empty(), is_valid) << schema.dump() << "\n" << data.dump() << "\n" << fault;
      ++(is_valid ? valid : invalid);
    }
  }
  EXPECT_GT(valid, 5'000u);
  EXPECT_GT(invalid, 5'000u);
}

}  // namespace
}  // namespace sluice
