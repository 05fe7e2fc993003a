#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/codecs/json.h"
#include "pipelines/steps/validate.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using ::testing::ElementsAre;

std::unique_ptr<Step> step_of(std::string_view schema, Refusal invalid) {
  Arena arena;
  const auto value = parse_json(schema, arena);
  EXPECT_TRUE(value.is_ok());
  auto compiled = JsonSchema::compile(*value);
  EXPECT_TRUE(compiled.is_ok()) << compiled.error().message;
  return make_validate({std::move(*compiled), invalid});
}

TEST(Validate, What_is_valid_passes_untouched_and_the_rest_goes_where_it_is_sent) {
  constexpr std::string_view schema = R"({"properties": {"v": {"type": "integer"}}})";
  for (const Refusal invalid : {Refusal::dead_letter, Refusal::drop, Refusal::pass}) {
    const auto step = step_of(schema, invalid);
    Recording out;
    Event* good = make_event(out.arena(), "a", 1, Value::integer(1));
    good->has_payload = true;
    Event* bad = make_event(out.arena(), "a", 1, Value::string("one"));
    std::vector<Event*> events = {good, bad};
    step->process(events, out);
    EXPECT_TRUE(good->is_unchanged && good->has_payload);
    if (invalid == Refusal::dead_letter) {
      EXPECT_THAT(out.reasons, ElementsAre(R"(validate: data.v: "one" is not of type integer)"));
      EXPECT_THAT(out.failed, ElementsAre(bad));
    }
    EXPECT_EQ(out.dropped["invalid"], invalid == Refusal::drop ? 1u : 0u);
    EXPECT_EQ(out.counted["invalid"], invalid == Refusal::pass ? 1u : 0u);
    EXPECT_EQ(out.take().size(), invalid == Refusal::pass ? 2u : 1u);
    EXPECT_EQ(step->memory_bytes(), step->memory_limit());
  }
}

}  // namespace
}  // namespace sluice
