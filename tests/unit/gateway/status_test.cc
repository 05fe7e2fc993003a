#include "gateway/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "gateway/screen_text.h"
#include "gateway/status_screen.h"

namespace sluice {
namespace {
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

GatewayStatus example() {
  GatewayStatus status;
  status.gateway = "plant-7";
  status.version = "1.2.3";
  status.now = Timestamp(std::chrono::seconds(1'790'000'600));
  status.started_at = Timestamp(std::chrono::seconds(1'790'000'000));
  status.configuration_since = status.started_at;
  status.configuration_file = "/etc/sluice/sluice.toml";
  status.store_used_bytes = 3 << 20;
  status.store_max_bytes = 1 << 30;
  SourceReport source;
  source.name = "floor";
  source.type = "mqtt";
  source.is_running = true;
  source.address = "mqtt://0.0.0.0:1883";
  source.messages = 1'234'567;
  source.messages_per_second = 118.44;
  source.last_message = status.now - 2s;
  status.sources.push_back(source);
  PipelineReport pipeline;
  pipeline.name = "climate";
  pipeline.in = 1'000;
  pipeline.out = 900;
  pipeline.dropped.emplace_back("filter#1: filter", 100);
  status.pipelines.push_back(pipeline);
  SinkReport sink;
  sink.name = "cloud";
  sink.backlog_events = 17;
  sink.backlog_bytes = 5'120;
  sink.oldest_waiting = 150s;
  sink.delivered_events = 42;
  status.sinks.push_back(sink);
  return status;
}

std::string screen(const GatewayStatus& status) {
  return render_status(status_json(status), false).value();
}

// The line that shows this part, its columns parted by one space.
std::string line_of(const std::string& screen, const std::string& name) {
  std::istringstream lines(screen);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" " + name + " ") == std::string::npos) continue;
    std::istringstream words(line);
    std::string all;
    for (std::string word; words >> word;) all += (all.empty() ? "" : " ") + word;
    return all;
  }
  return "no line of " + name;
}

TEST(StatusScreen, A_part_is_a_line_with_all_that_one_asks_first) {
  GatewayStatus status = example();
  status.store_full_in = 41h;
  status.sinks[0].full_in = 41h;
  const std::string text = screen(status);
  EXPECT_EQ(line_of(text, "floor"), "ok floor mqtt://0.0.0.0:1883 0 118.4 1,234,567 2 s 0 0");
  EXPECT_EQ(line_of(text, "climate"), "climate 1,000 900 0 100 by filter#1: filter");
  EXPECT_EQ(line_of(text, "cloud"), "ok cloud delivering 17 5.0 KiB 2 min 41 h 42 0 -");
  EXPECT_THAT(text, HasSubstr("plant-7   up 10 min   /etc/sluice/sluice.toml in force for 10 min"));
  EXPECT_THAT(text, HasSubstr("store 3.0 MiB of 1.0 GiB (0 %), at this rate full in 41 h"));
  EXPECT_FALSE(json_is_red(status_json(status)));
}

TEST(StatusScreen, It_ends_with_what_a_person_would_do_next) {
  GatewayStatus status = example();
  EXPECT_EQ(screen(status).find("Next:"), std::string::npos);
  status.sources[0].messages = 0;
  EXPECT_TRUE(
      screen(status).ends_with("\nNext: no message has come yet; try\n  mosquitto_pub -h 0.0.0.0 "
                               "-p 1883 -q 1 -t hall/climate "
                               "-m '{\"temperature\": 21.5}'\n"));
  status.sources[0].address = "coap://[::1]:5683";
  EXPECT_TRUE(screen(status).ends_with(
      "\n  coap-client -m post coap://[::1]:5683/hall -e '{\"temperature\": 21.5}'\n"));
  status.dead_letters = 3;
  EXPECT_TRUE(screen(status).ends_with("\nNext: sluice buffer dead-letters list\n"));
  status.refused = "sluice.toml:3:1: nonsense";
  EXPECT_EQ(screen(status).find("Next:"), std::string::npos);
}

TEST(StatusScreen, What_is_not_known_is_not_made_up) {
  GatewayStatus status = example();
  status.sources[0].last_message = {};
  status.sources[0].messages_per_second = 0;
  status.sinks[0].oldest_waiting.reset();
  status.sinks[0].backlog_events = 0;
  status.sinks[0].backlog_bytes = 0;
  const std::string text = screen(status);
  EXPECT_EQ(line_of(text, "floor"), "ok floor mqtt://0.0.0.0:1883 0 0 1,234,567 never 0 0");
  EXPECT_EQ(line_of(text, "cloud"), "ok cloud up to date 0 0 B - - 42 0 -");
  EXPECT_THAT(text, Not(HasSubstr("full in 4")));
}

TEST(StatusScreen, An_error_stands_below_its_part_with_its_age_and_for_an_hour_after_it_is_over) {
  GatewayStatus status = example();
  SinkReport& sink = status.sinks[0];
  sink.is_failing = true;
  sink.last_error = "https://ingest: connection refused";
  sink.last_error_time = status.now - 10min;
  EXPECT_THAT(screen(status),
              HasSubstr("\n      10 min ago: https://ingest: connection refused\n"));
  EXPECT_TRUE(json_is_red(status_json(status)));
  sink.is_failing = false;
  EXPECT_THAT(screen(status), HasSubstr("last error 10 min ago: https://ingest: connection"));
  EXPECT_FALSE(json_is_red(status_json(status)));
  sink.last_error_time = status.now - 2h;
  EXPECT_THAT(screen(status), Not(HasSubstr("connection refused")));
}

// Two sources, three pipelines, two sinks; all that can be wrong is, at length.
GatewayStatus worst_case() {
  GatewayStatus status = example();
  const std::string endless(400, 'x');
  status.refused = "sluice.toml:1:1: " + endless + "\nsluice.toml:2:1: again\n";
  status.is_blocked = true;
  status.damaged_records = 12;
  status.replay_differences = 3;
  status.sources.assign(2, status.sources[0]);
  for (SourceReport& source : status.sources) {
    source.name = "a-source-with-a-long-name";
    source.is_running = false;
    source.address = "mqtt://127.0.0.1:1883, mqtt://[::1]:1883, mqtt://192.168.100.100:1883";
    source.connections = 9'999'999;
    source.messages = source.undecodable = source.refused = ~std::uint64_t{0} >> 1;
    source.messages_per_second = 123'456'789;
    source.last_error = endless + " " + endless;
    source.last_error_time = status.now - 5s;
  }
  status.pipelines.assign(3, status.pipelines[0]);
  for (PipelineReport& pipeline : status.pipelines) {
    pipeline.name = endless;
    pipeline.failed = pipeline.in = pipeline.out = ~std::uint64_t{0} >> 1;
    for (int i = 0; i < 9; ++i) pipeline.dropped.emplace_back("step#" + std::to_string(i), 1'000);
  }
  status.sinks.assign(2, status.sinks[0]);
  for (SinkReport& sink : status.sinks) {
    sink.name = endless;
    sink.is_failing = true;
    sink.backlog_events = sink.rejected_events = sink.delivered_events = ~std::uint64_t{0} >> 1;
    sink.backlog_bytes = 999ULL << 40;
    sink.oldest_waiting = sink.full_in = 24h * 9'999;
    sink.compression = 9'999;
    sink.last_error = endless + " " + endless;
    sink.last_error_time = status.now - 5s;
  }
  return status;
}

TEST(StatusScreen, It_is_one_screen_also_when_everything_fails) {
  const std::string text = screen(worst_case());
  EXPECT_LE(std::ranges::count(text, '\n'), 24) << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(StatusScreen, A_row_stays_below_its_heading_whatever_the_figures) {
  std::istringstream lines(screen(worst_case()));
  std::size_t heading = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("SOURCES", 0) == 0 || line.rfind("SINKS", 0) == 0) heading = line.size();
    if (line.rfind("PIPELINES", 0) == 0) heading = 0;
    const bool is_row = line.rfind("  BAD ", 0) == 0 && line.find("refused: ") == std::string::npos;
    if (is_row && heading > 0) {
      EXPECT_EQ(line.size(), heading) << line;
    }
  }
}

TEST(StatusScreen, What_a_stranger_wrote_cannot_command_the_terminal) {
  GatewayStatus status = example();
  status.sinks[0].is_failing = true;
  status.sinks[0].last_error = "500: \x1b[2Jgone";
  EXPECT_THAT(screen(status), Not(HasSubstr("\x1b")));
  EXPECT_THAT(screen(status), HasSubstr("500: ?[2Jgone"));
}

TEST(StatusScreen, An_answer_that_is_no_status_is_an_error) {
  EXPECT_FALSE(render_status("{}", false));
  EXPECT_FALSE(render_status("not json", false));
  EXPECT_TRUE(json_is_red("not json"));
}

TEST(Status, Each_thing_that_makes_it_red_can_be_seen_on_the_screen) {
  struct Case {
    void (*spoil)(GatewayStatus&);
    std::string_view shown;
  };
  const Case cases[] = {
      {[](GatewayStatus& status) { status.refused = "sluice.toml:1:1: wrong\n"; },
       "BAD the file on disk is refused: sluice.toml:1:1: wrong"},
      {[](GatewayStatus& status) { status.is_blocked = true; }, "FULL: devices wait"},
      {[](GatewayStatus& status) { status.damaged_records = 3; }, "damaged records 3"},
      {[](GatewayStatus& status) { status.replay_differences = 2; }, "replay differences 2"},
      {[](GatewayStatus& status) { status.sources[0].is_running = false; }, "BAD floor"},
      {[](GatewayStatus& status) { status.sinks[0].is_failing = true; }, "BAD cloud"},
  };
  for (const Case& one : cases) {
    GatewayStatus status = example();
    one.spoil(status);
    EXPECT_TRUE(json_is_red(status_json(status))) << one.shown;
    EXPECT_THAT(screen(status), HasSubstr(one.shown));
  }
}

TEST(Status, The_json_has_the_raw_figures_and_null_for_what_is_not_known) {
  GatewayStatus status = example();
  status.sinks[0].full_in = 90s;
  const std::string json = status_json(status);
  EXPECT_THAT(json,
              HasSubstr(R"("messages_per_second":118.44,"last_message":"2026-09-21T14:23:18)"));
  EXPECT_THAT(json, HasSubstr(R"("backlog_bytes":5120,"oldest_waiting_seconds":150)"));
  EXPECT_THAT(json, HasSubstr(R"("full_in_seconds":90)"));
  EXPECT_THAT(json, HasSubstr(R"("store_full_in_seconds":null)"));
}

}  // namespace
}  // namespace sluice
