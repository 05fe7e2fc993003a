#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "gateway/gateway.h"

namespace sluice {
namespace {
using namespace std::chrono_literals;

// A gateway with two sources, one of which needs a file that is not there yet.
class GatewayStartTest : public testing::Test {
 protected:
  GatewayStartTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-start-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~GatewayStartTest() override {
    gateway_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    const std::string text = R"(
[gateway]
name = "box"
[sources.early]
type = "coap"
listen = ["coap://127.0.0.1:0"]
decode = "json"
[sources.secure]
type = "mqtt"
listen = ["mqtt://127.0.0.1:0"]
decode = "json"
[pipelines.raw]
from = ["early", "secure"]
to = ["archive"]
[sinks.archive]
type = "file"
path = ")" + (folder_ / "archive").string() +
                             "\"\n";
    std::string problems;
    auto configuration = read_configuration_text(text, "sluice.toml", problems, false);
    ASSERT_TRUE(configuration) << problems;
    for (SourcePlan& plan : configuration->sources) {
      if (plan.name != "secure") continue;
      plan.make = [make = plan.make, key = folder_ / "key.pem"](
                      const SourceContext& context) -> Result<std::unique_ptr<Source>> {
        if (!std::filesystem::exists(key))
          return Error{ErrorKind::bad_config, "key.pem is missing: put it there"};
        return make(context);
      };
    }
    configuration->storage.path = (folder_ / "store").string();
    auto store = open_store(configuration->storage);
    ASSERT_TRUE(store) << store.error().message;
    auto gateway = Gateway::start(std::move(*configuration), std::move(*store), std::nullopt, {});
    ASSERT_TRUE(gateway) << gateway.error().message;
    gateway_ = std::move(*gateway);
  }
  SourceReport source(std::size_t index) const { return gateway_->status().sources.at(index); }
  static bool wait_until(const std::function<bool()>& is_so) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!is_so()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::sleep_for(5ms);
    }
    return true;
  }

  std::filesystem::path folder_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(GatewayStartTest, A_source_that_cannot_start_is_red_until_it_can_and_the_others_run) {
  start();
  EXPECT_TRUE(wait_until([this] { return source(0).is_running; }));
  EXPECT_FALSE(source(1).is_running);
  EXPECT_EQ(source(1).last_error, "key.pem is missing: put it there");
  EXPECT_TRUE(gateway_->status().is_red());
  EXPECT_FALSE(gateway_->is_ready());

  std::ofstream(folder_ / "key.pem") << "key";
  EXPECT_TRUE(wait_until([this] { return source(1).is_running; }));
  EXPECT_EQ(source(1).address.rfind("mqtt://127.0.0.1:", 0), 0U);
  EXPECT_FALSE(gateway_->status().is_red());
  EXPECT_TRUE(gateway_->is_ready());
}

TEST_F(GatewayStartTest, A_gateway_stops_while_a_source_still_cannot_start) {
  start();
  const auto began = std::chrono::steady_clock::now();
  gateway_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

}  // namespace
}  // namespace sluice
