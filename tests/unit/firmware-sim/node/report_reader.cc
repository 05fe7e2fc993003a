#include "tests/unit/firmware-sim/node/report_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "drivers/codecs/json.h"
#include "drivers/codecs/senml.h"

namespace sluice {
namespace {

std::uint32_t number_of(const Value* value) {
  if (value == nullptr || value->kind() != Kind::integer) {
    ADD_FAILURE() << "no whole number";
    return 0;
  }
  return static_cast<std::uint32_t>(value->as_int());
}

std::int32_t thousandths_of(const Value* value) {
  if (value == nullptr || !value->is_numeric()) {
    ADD_FAILURE() << "no number";
    return 0;
  }
  return static_cast<std::int32_t>(std::llround(value->to_double() * 1000));
}

Timestamp parse_time(std::string_view text) {
  std::tm parts{};
  unsigned milliseconds = 0;
  const std::string copy(text);
  EXPECT_EQ(
      std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3uZ", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &milliseconds),
      7)
      << text;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return Timestamp(std::chrono::seconds(timegm(&parts)) + std::chrono::milliseconds(milliseconds));
}

ReadReport read_json(std::string_view payload, std::string_view device,
                     const std::vector<std::string>& channels, Timestamp received) {
  Arena arena;
  ReadReport report;
  const auto parsed = parse_json(payload, arena);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message << ": " << payload;
    return report;
  }
  const Value& data = parsed.value();
  EXPECT_EQ(data.find("device")->as_text(), device);
  ReadReading reading;
  reading.id = {number_of(data.find("boot")), number_of(data.find("seq"))};
  for (const std::string& channel : channels) {
    reading.values.push_back(thousandths_of(data.find(channel)));
  }
  if (const Value* time = data.find("ts")) {
    reading.time = parse_time(time->as_text());
  } else {
    reading.time = received - std::chrono::milliseconds(number_of(data.find("age_ms")));
  }
  report.readings.push_back(reading);
  if (const Value* dropped = data.find("dropped")) report.dropped = number_of(dropped);
  if (const Value* battery = data.find("battery")) report.battery = number_of(battery);
  if (const Value* firmware = data.find("firmware")) report.firmware = firmware->as_text();
  report.is_cold = data.find("cold") != nullptr;
  return report;
}

// One record after the other, as events of the gateway.
class PackReader {
 public:
  PackReader(std::string_view device, const std::vector<std::string>& channels)
      : prefix_(std::string(device) + "/"), channels_(channels) {}

  void read(const Event& event) {
    const std::string subject(event.subject);
    ASSERT_TRUE(subject.starts_with(prefix_)) << subject;
    const std::string name = subject.substr(prefix_.size());
    const Value* value = event.data.find("v");
    if (name == "boot") {
      boot_ = number_of(value);
    } else if (name == "seq") {
      report_.readings.push_back({{boot_, number_of(value)}, {}, event.time});
    } else if (name == "dropped") {
      report_.dropped = number_of(value);
    } else if (name == "battery") {
      report_.battery = number_of(value);
    } else if (name == "firmware") {
      report_.firmware = event.data.find("vs")->as_text();
    } else if (name == "cold") {
      report_.is_cold = event.data.find("vb")->as_bool();
    } else {
      read_channel(name, event);
    }
  }
  const ReadReport& report() const { return report_; }

 private:
  void read_channel(const std::string& name, const Event& event) {
    ASSERT_FALSE(report_.readings.empty());
    ReadReading& reading = report_.readings.back();
    ASSERT_LT(reading.values.size(), channels_.size());
    EXPECT_EQ(name, channels_[reading.values.size()]);
    EXPECT_EQ(event.time, reading.time);
    reading.values.push_back(thousandths_of(event.data.find("v")));
  }

  const std::string prefix_;
  const std::vector<std::string>& channels_;
  std::uint32_t boot_ = 0;
  ReadReport report_;
};

}  // namespace

ReadReport read_report(std::string_view payload, NodeFormat format, std::string_view device,
                       const std::vector<std::string>& channels, Timestamp received) {
  if (format == node_plain_json) return read_json(payload, device, channels, received);
  Message message;
  message.payload = payload;
  message.received = received;
  message.content_type =
      format == node_senml_cbor ? "application/senml+cbor" : "application/senml+json";
  Arena arena;
  std::vector<Event> events;
  const auto decoded = SenmlDecoder().decode(message, true, arena, events);
  EXPECT_TRUE(decoded.is_ok()) << decoded.error().message;
  PackReader reader(device, channels);
  for (const Event& event : events) reader.read(event);
  for (const ReadReading& reading : reader.report().readings) {
    EXPECT_EQ(reading.values.size(), channels.size());
  }
  return reader.report();
}

}  // namespace sluice
