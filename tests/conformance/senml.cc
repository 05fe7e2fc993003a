// senml: packs in JSON and CBOR, resolved by the decoder, one event per record.
#include "drivers/codecs/senml.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;

constexpr Timestamp received{std::chrono::seconds(1'700'000'000)};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Decimal seconds such as "-5" or "1276020076.001", exactly.
std::int64_t decimal_nanoseconds(const std::string& text) {
  const std::size_t point = text.find('.');
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  fraction.resize(9, '0');
  return std::stoll(text.substr(0, point) + fraction);
}

// The expected number is decimal text; ours is an integer or the double nearest to it.
bool is_number(const Value& ours, const std::string& expected) {
  if (ours.kind() == Kind::integer && std::to_string(ours.as_int()) == expected) return true;
  return ours.is_numeric() && ours.to_double() == std::stod(expected);
}

bool has_tag(const json& row, std::string_view tag) {
  const auto& tags = row.at("tags");
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

std::string base64url(const std::string& bytes) {
  std::string text;
  append_base64(text, bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

// Empty: the member of the event's data is what the row expects.
std::string compare_member(const Event& event, const std::string& label, const json& expected) {
  if (label == "t_relative_to_now") return {};
  if (label == "t") return {};  // compared as the event's time
  const bool is_data = label == "vd_hex";
  const Value* ours = event.data.find(is_data ? "vd" : label);
  if (ours == nullptr) return "without \"" + label + "\"";
  bool is_equal = false;
  if (label == "v" || label == "s" || label == "ut") {
    is_equal = is_number(*ours, expected.get<std::string>());
  } else if (expected.is_boolean()) {
    is_equal = ours->kind() == Kind::boolean && ours->as_bool() == expected.get<bool>();
  } else if (ours->kind() == Kind::string) {
    const auto text = expected.get<std::string>();
    is_equal = ours->as_text() == (is_data ? base64url(from_hex(text)) : text);
  }
  return is_equal ? "" : "\"" + label + "\" is " + to_json(*ours);
}

std::string compare_record(const Event& event, const json& expected) {
  for (const auto& [label, value] : expected.items()) {
    if (std::string why = compare_member(event, label, value); !why.empty()) return why;
  }
  // Each expected member but "t_relative_to_now" is one of ours, and there is none beside them.
  if (event.data.as_map().size() != expected.size() - 1) return "has more members than expected";
  if (event.subject != expected.at("n").get<std::string>()) return "the subject is not the name";
  std::int64_t time = event.time.time_since_epoch().count();
  if (expected.at("t_relative_to_now").get<bool>()) time -= received.time_since_epoch().count();
  if (time != decimal_nanoseconds(expected.at("t").get<std::string>())) {
    return "the time is " + format_timestamp(event.time);
  }
  return {};
}

// Rows list records by time, a pack as it was written: both sides are put into one order.
void sort_like_each_other(std::vector<Event>& events, json& expected) {
  std::ranges::stable_sort(events, {}, &Event::time);
  std::stable_sort(expected.begin(), expected.end(), [](const json& a, const json& b) {
    return decimal_nanoseconds(a.at("t").get<std::string>()) <
           decimal_nanoseconds(b.at("t").get<std::string>());
  });
}

std::string judge(const json& row) {
  const auto input = row.at("input").get<std::string>();
  const bool is_cbor = row.at("format") == "senml+cbor";
  const std::string payload = is_cbor ? from_hex(input.substr(std::string("hex:").size())) : input;
  Message message;
  message.payload = payload;
  message.content_type = is_cbor ? "application/senml+cbor" : "application/senml+json";
  message.received = received;
  SenmlOptions options;
  if (has_tag(row, "lwm2m_names")) options.names = SenmlNames::lwm2m;
  Arena arena;
  std::vector<Event> events;
  const auto decoded = SenmlDecoder(options).decode(message, true, arena, events);

  const json& expect = row.at("expect");
  if (expect.contains("error")) return decoded ? "must be refused" : "";
  if (!decoded) return "refused: " + decoded.error().message;
  json expected = expect.contains("resolved") ? expect.at("resolved") : json();
  if (!expected.is_array()) return "the row expects something else than resolved records";
  if (expected.size() != events.size()) {
    return std::to_string(events.size()) + " records instead of " + std::to_string(expected.size());
  }
  sort_like_each_other(events, expected);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (std::string why = compare_record(events[i], expected[i]); !why.empty()) {
      return "record " + std::to_string(i) + ": " + why;
    }
  }
  return {};
}

}  // namespace

void run_senml(const Suite& suite, Report& report) {
  each_row(suite.part_folder() / "senml_cases.jsonl", [&](const json& row) {
    const std::string why = judge(row);
    // A rule excuses a row that comes out otherwise; it is run all the same.
    if (why.empty()) {
      report.pass();
    } else if (const Rule* rule = suite.declared(row)) {
      report.not_supported(rule->name);
    } else {
      report.fail(row.at("id").get<std::string>(), why);
    }
  });
}

}  // namespace sluice::conformance
