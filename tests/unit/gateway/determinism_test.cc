// The same events give the same bytes on every machine: what it promises, replay and receivers that
// drop repeats rely on.
#include <gtest/gtest.h>
#include <xxhash.h>

#include <array>
#include <charconv>
#include <string>

#include "gateway/testing/test_box.h"
#include "tests/unit/gateway/case_test_folder.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// Each aggregate and each step that calculates, on values that are no round binary numbers.
constexpr const char* configuration = R"toml(
[gateway]
name = "box"
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:1883"]
decode = "json"
event = { subject = "topic[0]", time = "timestamp(data.ts)" }
watermark = { out_of_order = "10s" }
[sinks.cloud]
type = "file"
path = "out"

[pipelines.windows]
from = ["floor"]
to = ["cloud"]
[[pipelines.windows.steps]]
window = { tumbling = "1m", key = "subject", lateness = "1m" }
[pipelines.windows.steps.emit]
argmax = "argmax(data.v, data.w)"
argmin = "argmin(data.v, data.w)"
avg = "avg(data.v)"
collect = "collect(data.v, 5)"
delta = "delta(data.v)"
distinct = "distinct(data.v)"
ewma = "ewma(data.v, 0.3)"
histogram = "histogram(data.v, 10, 20, 50)"
increase = "increase(data.w)"
integral = "integral(data.v)"
intercept = "intercept(data.v)"
median = "median(data.v)"
mode = "mode(data.k)"
percentiles = "percentiles(data.v, 50, 90, 99)"
rate = "rate(data.w)"
slope = "slope(data.v)"
stddev = "stddev(data.v)"
sum = "sum(data.v)"
time_weighted_avg = "time_weighted_avg(data.v)"
top_k = "top_k(data.k, 3)"
var = "var(data.v)"

[pipelines.hops]
from = ["floor"]
to = ["cloud"]
[[pipelines.hops.steps]]
window = { hopping = "1m", every = "10s", key = "subject" }
emit = { mean = "avg(data.v)", p99 = "percentile(data.v, 99)", spread = "stddev(data.v)" }

[pipelines.odd]
from = ["floor"]
to = ["cloud"]
[[pipelines.odd.steps]]
detect = { value = "data.v", key = "subject", method = "zscore", limit = 3.0, emit = "all" }

[pipelines.drift]
from = ["floor"]
to = ["cloud"]
[[pipelines.drift.steps]]
detect = { value = "data.w", key = "subject", method = "ewma", limit = 3.0, emit = "all" }

[pipelines.line]
from = ["floor"]
to = ["cloud"]
[[pipelines.line.steps]]
swinging_door = { value = "data.v", key = "subject", error = 0.7 }

[pipelines.even]
from = ["floor"]
to = ["cloud"]
[[pipelines.even.steps]]
fill = { key = "subject", every = "3s", values = ["data.v"], method = "linear", max_gap = "1m" }
)toml";

constexpr const char* one_case = R"toml(configuration = "box.toml"
[[case]]
name = "a case, so that there is a file to start a box of"
do = [{ wait = "1s" }]
expect.cloud = []
)toml";

// Integers only, up to one division: what goes in is the same on every machine.
class Numbers {
 public:
  std::uint64_t next(std::uint64_t below) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % below;
  }

 private:
  std::uint64_t state_ = 2026;
};

std::string text_of(double number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), end};
}

class Determinism : public CaseTestFolder {};

TEST_F(Determinism, The_same_events_give_the_same_bytes_on_every_machine) {
  write("box.toml", configuration);
  write("a_test.toml", one_case);
  std::string problems;
  const auto file = load_test_file(path("a_test.toml"), problems);
  ASSERT_TRUE(file.has_value()) << problems;
  const Timestamp start{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  auto box = TestBox::start(*file, start);
  ASSERT_TRUE(box) << box.error().message;
  Numbers numbers;
  std::uint64_t meter = 0;
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_TRUE((*box)->wait(250ms));
    meter += numbers.next(7);
    SentMessage message;
    message.sender = "device";
    message.topic = "m" + std::to_string(numbers.next(3)) + "/t";
    message.content_type = "application/json";
    // One after the other: compilers evaluate the operands of a sum in an order of their own.
    const auto age = std::chrono::milliseconds(numbers.next(9'000));
    const double value = static_cast<double>(numbers.next(1'000'000)) / 13'007.0;
    const std::string kind = std::to_string(numbers.next(12));
    message.payload = R"({"ts":")" + format_timestamp((*box)->now() - age) + R"(","v":)" +
                      text_of(value) + R"(,"w":)" + text_of(static_cast<double>(meter) / 7.0) +
                      R"(,"k":"k)" + kind + R"("})";
    ASSERT_TRUE((*box)->send(message));
  }
  const auto lines = (*box)->sink_events("cloud");
  ASSERT_TRUE(lines) << lines.error().message;
  const auto letters = (*box)->dead_letters();
  ASSERT_TRUE(letters) << letters.error().message;
  EXPECT_TRUE(letters->empty()) << letters->front();
  EXPECT_GT(lines->size(), 5'000U);
  std::string all;
  for (const std::string& line : *lines) all += line + "\n";
  // Changes only with what a step gives on purpose. Taken on x86-64; arm64 gives the same.
  EXPECT_EQ(XXH3_64bits(all.data(), all.size()), 0xb134104beb3b59e5ULL) << all.substr(0, 3'000);
}

}  // namespace
}  // namespace sluice
