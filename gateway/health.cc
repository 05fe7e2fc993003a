#include "gateway/health.h"

#include <algorithm>

#include "drivers/codecs/json.h"
#include "gateway/screen_text.h"
#include "gateway/testing/test_box.h"

namespace sluice {
namespace {

constexpr const char* probe_configuration = R"(
[gateway]
name = "healthcheck"
[sources.probe]
type = "mqtt"
listen = ["mqtt://127.0.0.1:1"]
decode = "json"
[pipelines.pass]
from = ["probe"]
to = ["discard"]
[[pipelines.pass.steps]]
filter = "data.healthcheck == true"
[sinks.discard]
type = "file"
path = "/nonexistent"
)";
constexpr const char* discard_sink = "discard";

HealthCheck check_engine(const Gateway& gateway, Duration limit) {
  if (gateway.is_alive(limit)) return {"engine", true, "turns"};
  return {"engine", false, "has not turned for " + format_duration(limit)};
}

HealthCheck check_configuration(const GatewayStatus& status) {
  if (status.refused.empty()) return {"configuration", true, status.configuration_file};
  return {"configuration", false,
          status.configuration_file + " is refused: " + on_one_line(status.refused)};
}

HealthCheck check_listeners(const GatewayStatus& status) {
  HealthCheck check{"listeners", true, {}};
  for (const SourceReport& source : status.sources) {
    if (source.is_running) continue;
    check.is_good = false;
    check.detail += (check.detail.empty() ? "" : "; ") + source.name + ": " +
                    (source.last_error.empty() ? "is not running" : on_one_line(source.last_error));
  }
  if (check.is_good) check.detail = count_of(status.sources.size(), "source") + " up";
  return check;
}

HealthCheck check_store(Gateway& gateway) {
  Result<void> committed = Error{ErrorKind::try_later, "the engine is busy"};
  const auto asked = gateway.edit([&](Engine& engine) { committed = engine.commit_nothing(); });
  if (!asked) return {"store", false, asked.error().message};
  if (!committed) return {"store", false, committed.error().message};
  return {"store", true, "takes commits"};
}

//   bad_config  this program does not take it any more
Result<TestFile> test_file_of(const ConfigurationInForce& configuration) {
  std::string problems;
  if (!read_configuration_text(configuration.text, configuration.name,
                               NamedFiles::stored(configuration.files), problems, false))
    return Error{ErrorKind::bad_config, on_one_line(problems)};
  TestFile file;
  file.configuration_text = configuration.text;
  file.configuration_name = configuration.name;
  file.configuration_files = configuration.files;
  return file;
}

SentMessage synthetic_message(std::size_t source) {
  SentMessage message;
  message.source = source;
  message.sender = "healthcheck";
  message.topic = "sluice/healthcheck";
  message.payload = R"({"healthcheck":true})";
  return message;
}

// One event through a pipeline to a sink that discards it.
Result<void> pass_probe() {
  const TestFile file = TRY(test_file_of({probe_configuration, "healthcheck", {}}));
  const auto box = TRY(TestBox::start(file, SystemClock().wall()));
  TRY(box->send(synthetic_message(0)));
  const auto arrived = TRY(box->sink_events(discard_sink));
  if (arrived.size() != 1)
    return Error{ErrorKind::corrupt, "a synthetic event did not pass its pipeline"};
  return {};
}

// What comes of it is the configuration's affair: it may well be filtered, or a dead letter.
Result<void> pass_copy(const ConfigurationInForce& configuration) {
  const TestFile file = TRY(test_file_of(configuration));
  const std::size_t sources = configuration_under_test(file).sources.size();
  const auto box = TRY(TestBox::start(file, SystemClock().wall()));
  for (std::size_t i = 0; i < sources; ++i) TRY(box->send(synthetic_message(i)));
  return {};
}

}  // namespace

std::vector<HealthCheck> check_gateway(Gateway& gateway, Duration engine_limit) {
  const GatewayStatus status = gateway.status();
  return {check_engine(gateway, engine_limit), check_configuration(status), check_listeners(status),
          check_store(gateway)};
}

HealthCheck check_pipelines(const ConfigurationInForce& configuration) {
  if (const auto passed = pass_probe(); !passed)
    return {"pipelines", false, passed.error().message};
  if (const auto passed = pass_copy(configuration); !passed)
    return {"pipelines", false, passed.error().message};
  return {"pipelines", true, "synthetic events pass"};
}

std::string health_json(const std::vector<HealthCheck>& checks) {
  const bool is_healthy = std::ranges::all_of(checks, &HealthCheck::is_good);
  std::string text =
      std::string("{\"healthy\":") + (is_healthy ? "true" : "false") + ",\"checks\":[";
  for (const HealthCheck& check : checks) {
    if (text.back() == '}') text.push_back(',');
    text += "{\"name\":";
    append_json_string(text, check.name);
    text += std::string(",\"good\":") + (check.is_good ? "true" : "false") + ",\"detail\":";
    append_json_string(text, check.detail);
    text.push_back('}');
  }
  return text + "]}";
}

}  // namespace sluice
