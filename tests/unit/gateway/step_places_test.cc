// What a step's factory finds wrong is shown where the file says it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/configuration.h"

namespace sluice {
namespace {

std::string errors_of(const std::string& step) {
  const std::string text =
      "[sources.floor]\ntype = \"mqtt\"\nlisten = [\"mqtt://127.0.0.1:0\"]\n"
      "[sinks.cloud]\ntype = \"http\"\nurl = \"http://127.0.0.1:1/\"\n"
      "[pipelines.all]\nfrom = [\"floor\"]\nto = [\"cloud\"]\n"
      "[[pipelines.all.steps]]\n" +
      step;
  std::string errors;
  EXPECT_FALSE(read_configuration_text(text, "t.toml", errors, false));
  return errors;
}

TEST(StepPlaces, A_text_is_shown_at_the_byte) {
  EXPECT_THAT(errors_of("filter = \"data.t > 'a' + 1\""),
              ::testing::StartsWith("t.toml:11:24: pipelines.all.steps[0].filter: "));
}

TEST(StepPlaces, An_option_is_shown_at_its_value) {
  EXPECT_THAT(errors_of("window = { tumbling = \"10s\", watermark = \"key\" }\n"
                        "emit = { n = \"count()\" }"),
              ::testing::StartsWith("t.toml:11:42: pipelines.all.steps[0].window.watermark: "));
}

}  // namespace
}  // namespace sluice
