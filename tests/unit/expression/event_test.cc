// What expressions see of an event, and what Sluice adds to CEL.
#include "tests/unit/expression/fixture.h"

namespace sluice {
namespace {

class EventExpression : public ExpressionTest {};

const Expression& compiled(const std::variant<Expression, std::vector<ExpressionError>>& result) {
  return std::get<Expression>(result);
}

TEST_F(EventExpression, Sees_the_attributes_of_the_event) {
  EXPECT_EQ(evaluate("subject"), "\"dev-7\"");
  EXPECT_EQ(evaluate("id + '/' + event.source_name"), "\"7/floor\"");
  EXPECT_EQ(evaluate("time"), "\"2009-02-13T23:31:30Z\"");
  EXPECT_EQ(evaluate("event.received - time"), "\"0.25s\"");
}

TEST_F(EventExpression, Sees_null_where_an_attribute_is_not_set) {
  EXPECT_EQ(evaluate("type"), "null");
  EXPECT_EQ(evaluate("source == null && subject != null"), "true");
  EXPECT_TRUE(evaluate("source.startsWith('//')").starts_with("error: no 'startsWith' for null"));
}

TEST_F(EventExpression, Sees_the_topic_as_a_list_of_levels) {
  EXPECT_EQ(evaluate("topic"), R"(["plant","7","telemetry"])");
  EXPECT_EQ(evaluate("path[1]"), "\"7\"");
  EXPECT_EQ(evaluate("topic[3]"), "error: index out of range: 3");
  event_.topic = "a//";
  EXPECT_EQ(evaluate("topic"), R"(["a","",""])");
  event_.topic = "";
  EXPECT_EQ(evaluate("size(topic)"), "0");
}

TEST_F(EventExpression, Sees_properties_as_a_map_in_which_the_first_of_a_name_counts) {
  const Property properties[] = {{"unit", "C"}, {"room", "1"}, {"unit", "F"}};
  event_.user_properties = properties;
  EXPECT_EQ(evaluate("user_properties"), R"({"unit":"C","room":"1"})");
  EXPECT_EQ(evaluate("headers.?accept.orValue('any')"), "\"any\"");
}

TEST_F(EventExpression, Fails_on_a_missing_field_with_its_name) {
  EXPECT_EQ(evaluate("data.pressure > 1.0"), "error: no such key: 'pressure'");
  EXPECT_EQ(evaluate("has(data.pressure) && data.pressure > 1.0"), "false");
  EXPECT_EQ(evaluate("data.name.length"), "error: a string has no field 'length'");
}

TEST_F(EventExpression, Mixes_numbers_that_come_from_data) {
  EXPECT_EQ(evaluate("data.temperature * 1.8 + 32.0"), "71.6");
  EXPECT_EQ(evaluate("1u + data.temperature"), "23");
  EXPECT_EQ(evaluate("data.humidity % data.count"), "1.5");
  EXPECT_EQ(evaluate("data.list.map(x, x / 2.0)"), "[2.5,3,3.5]");
  EXPECT_EQ(evaluate("math.round(data.temperature)"), "22");
  EXPECT_EQ(evaluate("data.temperature / 4"), "5");
}

TEST_F(EventExpression, Keeps_to_CEL_when_numbers_may_not_be_promoted) {
  const ExpressionOptions strict{.promote_numbers = false};
  EXPECT_EQ(evaluate("data.temperature * 1.8", strict), "error: no '*' for int and double");
  EXPECT_EQ(evaluate("data.temperature + 1", strict), "23");
  EXPECT_EQ(evaluate("math.round(data.temperature)", strict), "error: no 'math.round' for int");
}

TEST_F(EventExpression, Reports_an_overflow_of_integers_that_come_from_data) {
  EXPECT_EQ(evaluate("data.count + 9223372036854775807"),
            "error: the result does not fit in 64 bits");
}

TEST_F(EventExpression, Compares_numbers_of_different_types) {
  EXPECT_EQ(evaluate("data.temperature == 22.0 && data.temperature < 22.5"), "true");
  EXPECT_EQ(evaluate("data.humidity > 40"), "true");
}

TEST_F(EventExpression, Matches_topic_filters_as_MQTT_does) {
  EXPECT_EQ(evaluate("topic_matches('plant/+/telemetry')"), "true");
  EXPECT_EQ(evaluate("topic_matches('plant/#')"), "true");
  EXPECT_EQ(evaluate("topic_matches('plant/7/telemetry/#')"), "true");
  EXPECT_EQ(evaluate("topic_matches('plant/+')"), "false");
  EXPECT_EQ(evaluate("topic_matches('plant/7/telemetry/+')"), "false");
  EXPECT_EQ(evaluate("topic_matches(['$SYS', 'a'], '#')"), "false");
  EXPECT_EQ(evaluate("topic_matches(['$SYS', 'a'], '$SYS/#')"), "true");
}

TEST_F(EventExpression, Tells_whether_data_is_needed) {
  EXPECT_FALSE(compiled(Expression::compile("subject == 'dev-7'")).uses_data());
  EXPECT_TRUE(compiled(Expression::compile("subject == 'x' || data.a > 1")).uses_data());
  EXPECT_TRUE(compiled(Expression::compile("[1].all(x, x < data.a)")).uses_data());
  EXPECT_FALSE(compiled(Expression::compile("[1].all(data, data < 2)")).uses_data());
}

TEST_F(EventExpression, Tells_the_type_as_far_as_it_is_known) {
  EXPECT_EQ(compiled(Expression::compile("data.a > 1")).type(), ExpressionType::boolean);
  EXPECT_EQ(compiled(Expression::compile("data.a + 1")).type(), ExpressionType::dyn);
  EXPECT_EQ(compiled(Expression::compile("topic[0]")).type(), ExpressionType::string);
  EXPECT_EQ(compiled(Expression::compile("subject")).type(), ExpressionType::dyn);
  EXPECT_EQ(compiled(Expression::compile("size(topic)")).type(), ExpressionType::integer);
}

TEST_F(EventExpression, Absorbs_an_error_when_the_other_side_decides) {
  EXPECT_EQ(evaluate("data.missing || true"), "true");
  EXPECT_EQ(evaluate("data.missing && false"), "false");
  EXPECT_EQ(evaluate("data.missing || false"), "error: no such key: 'missing'");
  EXPECT_EQ(evaluate("data.list.exists(x, 6 / (x - 5) == 6)"), "true");
  EXPECT_EQ(evaluate("data.flag ? 'on' : data.missing"), "\"on\"");
}

TEST_F(EventExpression, Reads_optional_fields_of_sparse_data) {
  EXPECT_EQ(evaluate("data.?nested.?b.orValue(0)"), "0");
  EXPECT_EQ(evaluate("data.?nested.?a.orValue(0)"), "4");
  EXPECT_EQ(evaluate("{?'t': data.?temperature, ?'p': data.?pressure}"), R"({"t":22})");
  EXPECT_EQ(evaluate("data.list[?9].hasValue()"), "false");
}

TEST_F(EventExpression, Says_where_in_the_data_it_looks) {
  const auto paths = [](std::string_view text) {
    return compiled(Expression::compile(text)).data_paths();
  };
  EXPECT_EQ(paths("data.a.b > 1 && data['a'].b < 3"), (DataPaths{{"a", "b"}}));
  EXPECT_EQ(paths("has(data.a.b) || data.?c.?d.hasValue()"), (DataPaths{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(paths("data.list[0].x + data.list[data.i]"), (DataPaths{{"list"}, {"i"}}));
  EXPECT_EQ(paths("data.list.exists(x, x.y > data.z)"), (DataPaths{{"list"}, {"z"}}));
  EXPECT_EQ(paths("data.map(data, data)"), (DataPaths{{}}));
  EXPECT_EQ(paths("subject == 'data.a'"), DataPaths{});
}

}  // namespace
}  // namespace sluice
