#include "gateway/health.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

ConfigurationInForce with_step(const std::string& step) {
  return {
      "[sources.a]\ntype = \"mqtt\"\nlisten = [\"mqtt://127.0.0.1:1\"]\ndecode = \"json\"\n"
      "[pipelines.p]\nfrom = [\"a\"]\nto = [\"f\"]\n[[pipelines.p.steps]]\n" +
          step + "\n[sinks.f]\ntype = \"file\"\npath = \"/nonexistent\"\n",
      "box.toml",
      {}};
}

TEST(Health, PipelinesTakeASyntheticEvent) {
  const HealthCheck check = check_pipelines(with_step("filter = \"data.t > 4.0\""));
  EXPECT_TRUE(check.is_good) << check.detail;
  EXPECT_EQ(check.name, "pipelines");
}

TEST(Health, AConfigurationThatThisProgramDoesNotTakeIsSaid) {
  const HealthCheck check = check_pipelines(with_step("filter = \"data.t >\""));
  EXPECT_FALSE(check.is_good);
  EXPECT_NE(check.detail.find("box.toml"), std::string::npos) << check.detail;
}

TEST(Health, JsonIsHealthyOnlyWhenAllChecksAreGood) {
  EXPECT_EQ(health_json({{"engine", true, "turns"}, {"store", false, "disk \"sda\" full"}}),
            R"({"healthy":false,"checks":[{"name":"engine","good":true,"detail":"turns"},)"
            R"({"name":"store","good":false,"detail":"disk \"sda\" full"}]})");
  EXPECT_TRUE(health_json({{"engine", true, ""}}).starts_with(R"({"healthy":true)"));
}

}  // namespace
}  // namespace sluice
