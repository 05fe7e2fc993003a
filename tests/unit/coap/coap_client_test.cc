// The source with a client that others wrote: libcoap's own.
#include <cstdio>

#include "tests/unit/coap/coap_fixture.h"

namespace sluice {
namespace {

class CoapClientTest : public CoapSourceTest {
 protected:
  // Runs the client and gives what it prints, errors included.
  static std::string run(const std::string& arguments) {
    const std::string command = "coap-client-notls " + arguments + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return "cannot run " + command;
    std::string output;
    for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output.push_back(static_cast<char>(c));
    pclose(pipe);
    return output;
  }
  void SetUp() override {
    if (run("-h").find("not found") != std::string::npos) {
      GTEST_SKIP() << "coap-client-notls (Debian: libcoap3-bin) is not installed";
    }
  }
};

TEST_F(CoapClientTest, Its_post_arrives_and_succeeds) {
  const std::string url = "coap://127.0.0.1:" + std::to_string(start()) + "/telemetry/dev1";
  engine_.settle_at_once(source_.get());
  EXPECT_EQ(run("-B 5 -m post -t 50 -e '{\"t\":1}' " + url), "");
  const auto taken = engine_.wait_for(1);
  EXPECT_EQ(taken[0].payload, R"({"t":1})");
  EXPECT_EQ(taken[0].topic, "telemetry/dev1");
  EXPECT_EQ(taken[0].content_type, "application/json");
}

TEST_F(CoapClientTest, Its_block_wise_put_arrives_whole) {
  const std::string url = "coap://127.0.0.1:" + std::to_string(start()) + "/big";
  engine_.settle_at_once(source_.get());
  const std::string body(5000, 'x');
  EXPECT_EQ(run("-B 5 -m put -b 256 -t 0 -e " + body + " " + url), "");
  EXPECT_EQ(engine_.wait_for(1)[0].payload, body);
}

TEST_F(CoapClientTest, It_prints_why_it_was_refused) {
  const std::string url = "coap://127.0.0.1:" + std::to_string(start()) + "/a";
  EXPECT_NE(run("-B 5 -m get " + url).find("4.05 send POST or PUT"), std::string::npos);
}

}  // namespace
}  // namespace sluice
