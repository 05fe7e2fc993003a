// Nothing in an expression or in the data hangs or fills the memory: the budget ends it.
#include "tests/unit/expression/fixture.h"

namespace sluice {
namespace {

constexpr std::string_view too_costly = "error: the expression costs more than is allowed";
constexpr std::size_t plenty = 128 * 1024 * 1024;

class Bounds : public ExpressionTest {
 protected:
  Bounds() {
    std::vector<Value> items(2'000, Value::integer(1));
    big_ = list(items);
    event_.data = map({{Value::string("big"), big_}, {Value::string("text"), text_}});
  }
  Value big_;
  std::string long_text_ = std::string(100'000, 'x');
  Value text_ = Value::string(long_text_);
};

TEST_F(Bounds, Nested_loops_end) {
  EXPECT_EQ(evaluate("data.big.all(x, data.big.all(y, data.big.all(z, z > 0)))"), too_costly);
}

TEST_F(Bounds, A_budget_that_is_used_up_is_not_absorbed_into_more_work) {
  EXPECT_EQ(evaluate("data.big.map(a, data.big.exists(b, data.big.all(c, c == 2 || c == 1)))"),
            too_costly);
}

TEST_F(Bounds, A_text_that_doubles_at_each_step_ends) {
  std::string text = "size(t30)";
  for (int i = 30; i > 0; --i) {
    const std::string before = i == 1 ? "data.text" : "t" + std::to_string(i - 1);
    text = "cel.bind(t" + std::to_string(i) + ", " + before + " + " + before + ", " + text + ")";
  }
  EXPECT_EQ(evaluate(text), too_costly);
  EXPECT_LT(arena_.held_bytes(), plenty);
}

TEST_F(Bounds, A_list_that_doubles_at_each_step_ends) {
  for (const std::string inside : {"[B, B]", "B + B"}) {
    std::string text = "t60 == t60";
    for (int i = 60; i > 0; --i) {
      const std::string before = i == 1 ? "data.big" : "t" + std::to_string(i - 1);
      std::string pair = inside;
      for (std::size_t at = pair.find('B'); at != std::string::npos; at = pair.find('B', at)) {
        pair.replace(at, 1, before);
      }
      text = "cel.bind(t" + std::to_string(i) + ", " + pair + ", " + text + ")";
    }
    EXPECT_EQ(evaluate(text), too_costly);
  }
  EXPECT_LT(arena_.held_bytes(), plenty);
}

TEST_F(Bounds, Functions_that_grow_end) {
  EXPECT_EQ(evaluate("size(lists.range(100000000000))"), too_costly);
  EXPECT_EQ(evaluate("size(data.text.replace('x', data.text))"), too_costly);
  EXPECT_EQ(evaluate("data.big.map(x, data.text).join(data.text)"), too_costly);
  EXPECT_EQ(evaluate("data.big.map(x, data.big.map(y, data.text.contains('y'))).size()"),
            too_costly);
  EXPECT_LT(arena_.held_bytes(), plenty);
}

TEST_F(Bounds, Patterns_from_data_cost_what_they_take_to_compile) {
  EXPECT_EQ(evaluate("data.big.all(x, 'a'.matches('a' + string(x)))"), "false");
  EXPECT_EQ(evaluate("data.big.map(x, data.big.all(y, 'a1'.matches('a' + string(x)))).size()"),
            too_costly);
}

TEST_F(Bounds, The_budget_is_an_option) {
  EXPECT_EQ(evaluate("data.big.all(x, x == 1)"), "true");
  EXPECT_EQ(evaluate("data.big.all(x, x == 1)", {.budget = 1'000}), too_costly);
}

TEST_F(Bounds, A_constant_part_that_is_too_costly_is_left_for_the_event) {
  EXPECT_EQ(evaluate("data.text == '' && size(lists.range(100000000000)) > 0"), "false");
}

TEST_F(Bounds, Many_registers_and_deep_loops_work) {
  std::string sum = "1";
  for (int i = 0; i < 150; ++i) sum = "(data.big[0] + " + sum + ")";
  EXPECT_EQ(evaluate(sum), "151");
  std::string loops = "x0 + x29";
  for (int i = 29; i >= 0; --i) {
    loops = "[" + std::to_string(i) + "].map(x" + std::to_string(i) + ", " + loops + ")[0]";
  }
  EXPECT_EQ(evaluate(loops), "29");
}

}  // namespace
}  // namespace sluice
