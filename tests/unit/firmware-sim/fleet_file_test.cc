#include "firmware-sim/fleet/fleet_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "firmware-sim/fleet/run.h"

namespace sluice::sim {
namespace {

using testing::HasSubstr;

constexpr const char* sound = R"(seed = 7
duration = "10s"
mqtt = "mqtt://127.0.0.1:1883"
[kinds.meter]
count = 5
protocol = "mqtt"
topic = "plant/line-{group}/{device}/telemetry"
groups = 2
interval = "2s"
[kinds.meter.signals.temperature]
unit = "Cel"
base = 21.0
sine = { swing = 4.0, period = "1d" }
[kinds.meter.faults]
offline = { every = "1h", lasts = "30s" }
)";

// The sound file with `what` in place of `line`.
std::string changed(const std::string& line, const std::string& what) {
  std::string text = sound;
  const std::size_t at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), what);
}

std::string complaint(const std::string& text) {
  const auto fleet = parse_fleet(text, "fleet.toml");
  return fleet ? std::string() : fleet.error().message;
}

TEST(FleetFile, Says_what_devices_there_are) {
  const auto fleet = parse_fleet(sound, "fleet.toml");
  ASSERT_TRUE(fleet.is_ok()) << fleet.error().message;
  EXPECT_EQ(fleet->seed, 7U);
  EXPECT_EQ(fleet->devices(), 5U);
  const KindSpec& meter = fleet->kinds.at("meter");
  EXPECT_EQ(meter.interval_ms(), 2000);
  EXPECT_EQ(device_name("meter", meter, 3), "meter-0003");
  EXPECT_EQ(device_topic("meter", meter, 3), "plant/line-2/meter-0003/telemetry");
  ASSERT_TRUE(meter.faults.offline);
  EXPECT_EQ(meter.faults.offline->lasts, std::chrono::seconds(30));
}

TEST(FleetFile, A_rate_of_the_kind_gives_the_interval_of_a_device) {
  const auto fleet = parse_fleet(changed("interval = \"2s\"", "rate = 20"), "fleet.toml");
  ASSERT_TRUE(fleet.is_ok());
  EXPECT_EQ(fleet->kinds.at("meter").interval_ms(), 250);
}

TEST(FleetFile, What_is_wrong_has_its_line_and_the_remedy) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {changed("interval =", "intervall ="), {"fleet.toml:9:1", "interval"}},
      {changed("\"2s\"", "\"2 parsecs\""), {"fleet.toml:9:12", "kinds.meter.interval"}},
      {changed("\"mqtt\"", "\"mqt\""), {"fleet.toml:6:12", "mqtt"}},
      {changed("swing = 4.0,", ""), {"fleet.toml:13", "swing"}},
      {changed("{group}", "{gruop}"), {"fleet.toml:7:9", "knows {kind}, {index}"}},
      {changed("duration = \"10s\"", ""), {"needs `duration` or [[phases]]"}},
      {changed("mqtt = \"mqtt://127.0.0.1:1883\"", ""), {"fleet.toml:6", "--mqtt"}},
      {changed("mqtt://127.0.0.1:1883", "127.0.0.1"), {"fleet.toml:3:8", "mqtt://host:port"}},
      {changed("topic =", "name = \"me ter\"\ntopic ="), {"fleet.toml:7", "'me ter'"}},
      {changed("topic =", "name = \"meter\"\ntopic ="), {"fleet.toml:7", "two devices", "{index}"}},
      {changed("base = 21.0", "column = \"T\""), {"fleet.toml:4", "both `replay` and a `column`"}},
      {changed("temperature", "a-name-of-17-chars"), {"fleet.toml:10", "1 to 16"}},
      {changed("count = 5", "count = 0"), {"fleet.toml:5:9"}},
      {changed("plant/line", std::string(60, 'x')), {"fleet.toml:7:9", "64 bytes"}},
      {changed("[kinds.meter.faults]", "[kinds.meter.fautls]"), {"fleet.toml:14", "faults"}},
  };
  for (const auto& [text, parts] : cases) {
    const std::string said = complaint(text);
    for (const std::string& part : parts) EXPECT_THAT(said, HasSubstr(part)) << text;
  }
}

TEST(FleetFile, Only_the_first_phase_is_a_ramp) {
  const std::string phases =
      "[[phases]]\nname = \"a\"\nlasts = \"1s\"\nramp = true\n"
      "[[phases]]\nname = \"b\"\nlasts = \"1s\"\n";
  const std::string text = changed("duration = \"10s\"", "") + phases;
  EXPECT_EQ(complaint(text), "");
  EXPECT_THAT(complaint(text + "ramp = true\n"), HasSubstr("only the first phase"));
  EXPECT_THAT(complaint(sound + phases), HasSubstr("not both"));
}

TEST(FleetFile, The_command_line_may_say_where_the_gateway_is) {
  const std::string text = changed("mqtt = \"mqtt://127.0.0.1:1883\"", "");
  const auto fleet = parse_fleet(text, "fleet.toml", {.mqtt = "mqtt://[::1]:1", .coap = ""});
  ASSERT_TRUE(fleet.is_ok()) << fleet.error().message;
  EXPECT_EQ(fleet->mqtt, "mqtt://[::1]:1");
}

TEST(FleetFile, The_examples_are_sound) {
  std::size_t examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_FLEET_EXAMPLES)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".toml") || name.ends_with(".gateway.toml")) continue;
    ++examples;
    const auto fleet = load_fleet(entry.path().string(),
                                  {.mqtt = "mqtt://localhost:1883", .coap = "coap://localhost:1"});
    EXPECT_TRUE(fleet.is_ok()) << fleet.error().message;
  }
  EXPECT_GE(examples, 2U);
}

TEST(FleetOfFlags, Devices_take_turns_between_the_protocols) {
  FlagOptions options;
  options.mqtt_url = "mqtt://127.0.0.1:1883";
  options.coap_url = "coap://127.0.0.1:5683";
  options.devices = 5;
  options.rate = 10;
  const auto fleet = fleet_of(options);
  ASSERT_TRUE(fleet.is_ok());
  EXPECT_EQ(fleet->devices(), 5U);
  std::set<std::string> topics;
  for (const auto& [name, kind] : fleet->kinds) {
    EXPECT_EQ(kind.interval_ms(), 500);
    for (std::uint32_t i = 0; i < kind.count; ++i) {
      topics.insert(device_topic(name, kind, kind.first_index + i * kind.index_step));
    }
  }
  EXPECT_EQ(topics, (std::set<std::string>{"plant/line-1/dev-0000/telemetry", "telemetry/dev-0001",
                                           "plant/line-3/dev-0002/telemetry", "telemetry/dev-0003",
                                           "plant/line-1/dev-0004/telemetry"}));
}

TEST(FleetOfFlags, Says_what_is_missing) {
  EXPECT_THAT(fleet_of({}).error().message, HasSubstr("--mqtt mqtt://host:port"));
  FlagOptions options;
  options.mqtt_url = "mqtt://127.0.0.1:1883";
  options.rate = 0;
  EXPECT_THAT(fleet_of(options).error().message, HasSubstr("--rate"));
}

}  // namespace
}  // namespace sluice::sim
