// What is refused when the configuration is read, and how it is said.
#include <gmock/gmock.h>

#include "tests/unit/expression/fixture.h"

namespace sluice {
namespace {

class Checker : public ExpressionTest {
 protected:
  // The only error's place and message.
  static std::string error(std::string_view text) {
    const auto all = errors(text);
    return all.size() == 1 ? all.front() : std::to_string(all.size()) + " errors";
  }
};

TEST_F(Checker, Suggests_the_nearest_name) {
  EXPECT_EQ(error("dta.temperature > 1"), "0: there is no name 'dta'; did you mean 'data'?");
  EXPECT_EQ(error("1 == 1 && subjct == 'a'"),
            "10: there is no name 'subjct'; did you mean 'subject'?");
  EXPECT_EQ(error("subject.startWith('a')"),
            "8: there is no function 'startWith'; did you mean 'startsWith'?");
}

TEST_F(Checker, Refuses_operators_on_types_that_do_not_go_together) {
  EXPECT_EQ(error("'a' + 1"), "4: no '+' for string and int; convert to text with string()");
  EXPECT_EQ(error("1 + 2.0"),
            "2: no '+' for int and double; convert one of them, for example with double()");
  EXPECT_EQ(error("size(topic) == 'a'"), "12: no '==' for int and string");
  EXPECT_EQ(error("!subject"), "0: no '!' for string");
  EXPECT_EQ(error("data.a && 'x'"), "10: '&&' needs a bool here, not string");
}

TEST_F(Checker, Refuses_wrong_arguments) {
  EXPECT_EQ(error("size()"),
            "0: 'size' cannot be called without arguments; it is (string) -> int or (bytes) -> int "
            "or (list(A)) -> int or (map(A, B)) -> int");
  EXPECT_EQ(error("subject.contains(1)"),
            "8: 'contains' cannot be called with string and int; it is string.(string) -> bool");
  EXPECT_EQ(error("startsWith(subject, 'a')"), "0: 'startsWith' is called as x.startsWith()");
  EXPECT_EQ(error("topic['a']"), "6: the position in a list is an int, not string");
  EXPECT_EQ(error("time.year"), "5: a value of type timestamp has no field 'year'");
}

TEST_F(Checker, Refuses_macros_that_are_not_well_formed) {
  EXPECT_EQ(error("has(data)"), "4: has() needs a field, such as has(data.temperature)");
  EXPECT_EQ(error("data.list.all(1, true)"), "14: all() needs a plain name for its variable here");
  EXPECT_EQ(error("topic.all(t, 1)"), "13: 'all()' needs a bool here, not int");
  EXPECT_EQ(error("1.map(x, x)").substr(0, 2), "0:");
}

TEST_F(Checker, Reports_all_errors_in_their_order) {
  EXPECT_THAT(errors("nme == 1 || 'a' > 2 || foo()"),
              testing::ElementsAre(testing::StartsWith("0: there is no name 'nme'"),
                                   testing::StartsWith("16: no '>' for string and int"),
                                   testing::StartsWith("23: there is no function 'foo'")));
}

TEST_F(Checker, Explains_why_there_is_no_now) {
  EXPECT_THAT(error("time < now()"), testing::HasSubstr("event.received"));
}

TEST_F(Checker, Refuses_a_bad_regular_expression_before_any_event) {
  EXPECT_THAT(error("subject.matches('a(')"), testing::StartsWith("16: bad regular expression: "));
  EXPECT_THAT(error("subject.matches('" + std::string(1001, 'a') + "')"),
              testing::HasSubstr("longer than"));
}

TEST_F(Checker, Points_at_errors_of_syntax) {
  EXPECT_EQ(error("data.a >"), "8: a value is missing before the end");
  EXPECT_EQ(error("(1 + 2"), "6: ')' is missing before the end");
  EXPECT_EQ(error("data.a = 1"),
            "7: the expression should end here; '=' is too much; to compare, write ==");
  EXPECT_EQ(error("data.a == 'x"), "10: this text is not closed: its end quote is missing");
  EXPECT_EQ(error("'x\n' == data.a"), "0: this text is not closed before the end of the line");
  EXPECT_EQ(error("'\\q'"), "1: '\\q' is no escape of CEL here; write \\\\ for a backslash");
  EXPECT_EQ(error("22C > 1"), "0: '22C' is not a number");
  EXPECT_EQ(error("99999999999999999999"),
            "0: '99999999999999999999' is not a number that fits in 64 bits");
  EXPECT_EQ(error("9223372036854775808"),
            "0: '9223372036854775808' does not fit in an int of 64 bits");
  EXPECT_EQ(error("for + 1"), "0: 'for' is a reserved word of CEL");
  EXPECT_EQ(error("1 + \xC2\xA7"), "4: '\xC2\xA7' has no meaning in an expression");
  EXPECT_EQ(error(""), "0: a value is missing before the end");
  EXPECT_EQ(error("Event{id: 1}"),
            "0: messages such as Name{field: value} are not supported; use a map");
}

TEST_F(Checker, Takes_what_may_be_right_depending_on_data) {
  for (const char* text : {"data.a + 'x'", "data.a[data.b]", "[1, 'a', data].size() > 0",
                           "data.all(k, v, v > 1)", "subject == null", "{'a': 1, 2: data.x}.a",
                           "data.a ? 1 : 2", "type(data.a) == int", "time + duration('1h')"}) {
    EXPECT_THAT(errors(text), testing::IsEmpty()) << text;
  }
}

TEST_F(Checker, Lets_variables_of_macros_hide_names_of_the_event) {
  EXPECT_EQ(evaluate("[1, 2].map(data, data + 1)"), "[2,3]");
  EXPECT_EQ(evaluate("[1].map(subject, .subject)"), R"(["dev-7"])");
  EXPECT_EQ(evaluate("[1].map(x, [2].map(x, x))"), "[[2]]");
  EXPECT_THAT(error("topic.all(t, true) && t == 'a'"), testing::StartsWith("22: there is no name"));
}

}  // namespace
}  // namespace sluice
