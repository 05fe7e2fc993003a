// What `sluice eval` shows beside a value, and the page of the reference.
#include "pipelines/expression/explain.h"

#include "pipelines/expression/functions.h"
#include "pipelines/expression/language.h"
#include "pipelines/expression/macros.h"
#include "tests/unit/expression/fixture.h"

namespace sluice {
namespace {

class Explain : public ExpressionTest {
 protected:
  // The text from the place of the error on.
  std::string failing(std::string_view text) {
    EXPECT_TRUE(evaluate(text).starts_with("error:")) << text << " gives " << evaluate(text);
    return std::string(text.substr(find_error(text, event_)));
  }
};

TEST_F(Explain, It_shows_each_part_with_its_type_and_the_compiled_form) {
  const std::string text = explain("data.temperature > 22.0 && subject.startsWith('dev-')");
  for (const char* part :
       {"data.temperature > 22.0", "bool", "subject", "string", "dyn", "<- data . temperature",
        "> 22", "leave if", "startsWith of 2", "the value is r0"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

TEST_F(Explain, Every_instruction_has_a_name_of_its_own) {
  const std::string loop =
      explain("data.list.filter(x, x > 5).map(x, x > 6, x * 2).exists(x, x == 12)");
  for (const char* name : {"loop begin", "loop next", "loop filter", "loop collect", "loop end"})
    EXPECT_NE(loop.find(name), std::string::npos) << name << " is missing in\n" << loop;
  const std::string optional = explain("data.?temperature.optMap(x, x + 1.0).orValue(0.0)");
  for (const char* name : {"optional enter", "optional leave"})
    EXPECT_NE(optional.find(name), std::string::npos) << name << " is missing in\n" << optional;
}

TEST_F(Explain, The_place_of_an_error_is_its_smallest_part) {
  EXPECT_EQ(failing("1.0 + data.missing * 2.0"), "missing * 2.0");
  EXPECT_EQ(failing("data.temperature / 0 > 1"), "/ 0 > 1");
  EXPECT_EQ(failing("true ? data.missing : 1"), "missing : 1");
  EXPECT_EQ(failing("false ? 1 : data.missing"), "missing");
  EXPECT_EQ(failing("size(data.list.map(x, x / 0)) > 0"), "map(x, x / 0)) > 0");
}

TEST_F(Explain, Each_example_of_a_macro_is_true) {
  for (const cel::MacroDescription& macro : cel::macro_descriptions())
    EXPECT_EQ(evaluate(macro.example), "true") << macro.example;
}

TEST_F(Explain, The_page_has_every_function_with_its_example) {
  const std::string page = render_language();
  for (const cel::Overload& overload : cel::function_table().all()) {
    EXPECT_NE(page.find(overload.definition.name), std::string::npos) << overload.definition.name;
  }
  EXPECT_NE(page.find("string.startsWith(string) -> bool"), std::string::npos);
}

}  // namespace
}  // namespace sluice
