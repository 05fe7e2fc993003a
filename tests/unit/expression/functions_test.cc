// The table of functions, and the edges of those that have some.
#include "pipelines/expression/functions.h"

#include "tests/unit/expression/fixture.h"

namespace sluice {
namespace {

class Functions : public ExpressionTest {};

TEST_F(Functions, Each_example_of_the_table_is_true) {
  for (const cel::Overload& overload : cel::function_table().all()) {
    EXPECT_EQ(evaluate(overload.definition.example), "true") << overload.definition.example;
  }
}

TEST_F(Functions, Each_example_of_the_table_uses_its_function) {
  for (const cel::Overload& overload : cel::function_table().all()) {
    EXPECT_NE(overload.definition.example.find(overload.definition.name), std::string::npos)
        << overload.definition.example;
  }
}

TEST_F(Functions, Strings_are_cut_between_code_points) {
  EXPECT_EQ(evaluate("'gr\\u00f6\\u00dfe'.substring(2, 4)"), "\"\xC3\xB6\xC3\x9F\"");
  EXPECT_EQ(evaluate("'\\u00e9a'.indexOf('a')"), "1");
  EXPECT_EQ(evaluate("'abc'.split('')"), R"(["a","b","c"])");
  EXPECT_EQ(evaluate("'abc'.replace('', '-')"), "\"-a-b-c-\"");
  EXPECT_EQ(evaluate("'abc'.charAt(3)"), "\"\"");
  EXPECT_EQ(evaluate("'abc'.charAt(4)"), "error: index out of range: 4");
  EXPECT_EQ(evaluate("'abc'.substring(2, 1)"), "error: the substring's start lies behind its end");
}

TEST_F(Functions, Conversions_refuse_what_does_not_fit) {
  EXPECT_EQ(evaluate("int(1e19)"), "error: the number is out of range for int");
  EXPECT_EQ(evaluate("int(double('NaN'))"), "error: the number is out of range for int");
  EXPECT_EQ(evaluate("uint(-1)"), "error: the number is out of range for uint");
  EXPECT_EQ(evaluate("int('12a')"), "error: '12a' is not an int");
  EXPECT_EQ(evaluate("double('1.5 ')"), "error: '1.5 ' is not a double");
  EXPECT_EQ(evaluate("string(b'\\xff')"), "error: the bytes are not UTF-8");
  EXPECT_EQ(evaluate("double('1' + '0') == 10.0"), "true");
}

TEST_F(Functions, Doubles_have_one_text_on_every_machine) {
  EXPECT_EQ(evaluate("string(0.1 + 0.2)"), "\"0.30000000000000004\"");
  EXPECT_EQ(evaluate("string(100000.0)"), "\"100000\"");
  EXPECT_EQ(evaluate("string(1e21)"), "\"1e+21\"");
  EXPECT_EQ(evaluate("string(-0.0)"), "\"-0\"");
}

TEST_F(Functions, Numbers_of_seconds_and_parts_of_them_make_times) {
  EXPECT_EQ(evaluate("string(timestamp_from_ms(-1))"), "\"1969-12-31T23:59:59.999Z\"");
  EXPECT_EQ(evaluate("string(timestamp_from_s(-0.5))"), "\"1969-12-31T23:59:59.5Z\"");
  EXPECT_EQ(evaluate("string(timestamp_from_ns(1500000000))"), "\"1970-01-01T00:00:01.5Z\"");
  EXPECT_EQ(evaluate("timestamp_from_s(1e300)"),
            "error: the time lies outside the years 1 to 9999");
  EXPECT_EQ(evaluate("timestamp_from_s(double('NaN'))"),
            "error: the time lies outside the years 1 to 9999");
}

TEST_F(Functions, Rounding_goes_through_the_decimal_text) {
  EXPECT_EQ(evaluate("round(2.675, 2)"), "2.67");  // the double is 2.67499999...
  EXPECT_EQ(evaluate("round(1e300, 2) == 1e300"), "true");
  EXPECT_EQ(evaluate("round(data.temperature, 1)"), "22");
  EXPECT_EQ(evaluate("clamp(data.temperature, 0, 20.5)"), "20.5");
}

TEST_F(Functions, Zones_are_those_of_the_system_or_offsets) {
  EXPECT_EQ(evaluate("time.getHours('+05:30')"), "5");
  EXPECT_EQ(evaluate("time.getHours('Europe/Berlin')"), "0");
  EXPECT_EQ(evaluate("time.getHours('Nowhere/Land')"), "error: 'Nowhere/Land' is not a time zone");
  EXPECT_EQ(evaluate("time.getHours('../zoneinfo/UTC')"),
            "error: '../zoneinfo/UTC' is not a time zone");
}

}  // namespace
}  // namespace sluice
