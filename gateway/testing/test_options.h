// The options of a test file, as they are written. What they mean: README.md beside this file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/located_text.h"
#include "config/table.h"
#include "gateway/testing/test_file.h"

namespace sluice {

// A value of any type, to be looked at later. Lent from the Document.
struct AnyValue {
  const Node* node = nullptr;
};
template <>
struct ValueType<AnyValue> {
  static std::string name() { return "any value"; }
  static bool read(const Node& node, AnyValue& value, Diagnostics&) {
    value.node = &node;
    return true;
  }
  static std::string text(const AnyValue&) { return {}; }
};

// An instant: a TOML date-time with an offset, or the same as text.
struct Moment {
  Timestamp time{};
};
template <>
struct ValueType<Moment> {
  static std::string name() { return "date and time"; }
  static bool read(const Node& node, Moment& value, Diagnostics& diagnostics);
  static std::string text(const Moment& value) { return format_timestamp(value.time); }
};

// One expression, or a list of them.
struct Conditions {
  std::vector<ExpressionText> all;
};
template <>
struct ValueType<Conditions> {
  static std::string name() { return "expression, or list of them"; }
  static bool read(const Node& node, Conditions& value, Diagnostics& diagnostics);
  static std::string text(const Conditions&) { return {}; }
};

std::span<const EnumName<Match>> enum_names(Match);
std::span<const EnumName<Order>> enum_names(Order);

struct TestFileSection {
  std::optional<LocatedText> configuration;
  std::optional<LocatedText> configuration_text;
  std::vector<RawTable> cases;
};
void describe(Fields<TestFileSection>& fields);

struct CaseSection {
  LocatedText name;
  Moment start{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
  Match match = Match::subset;
  Order order = Order::listed;
  std::vector<RawTable> steps;
  AnyValue expect;
};
void describe(Fields<CaseSection>& fields);

// What every step may have.
struct StepTimeSection {
  std::optional<Duration> at;
};
void describe(Fields<StepTimeSection>& fields);

// Of a message, however it is sent.
struct MessageSection {
  std::string sender = "device";
  std::string topic;
  std::string content_type;
  std::map<std::string, std::string> properties;
};
void describe(Fields<MessageSection>& fields);

struct SendSection {
  LocatedText send;
  AnyValue payload;
  std::optional<LocatedText> payload_file;
  std::optional<LocatedText> payload_base64;
  std::uint16_t packet = 0;
  bool dup = false;
  std::uint16_t message_id = 0;
  std::string token;
};
void describe(Fields<SendSection>& fields);

struct SendLinesSection {
  LocatedText send_lines;
  LocatedText file;
  Duration every{0};
};
void describe(Fields<SendLinesSection>& fields);

struct WaitSection {
  Duration wait{0};
};
void describe(Fields<WaitSection>& fields);

struct RestartSection {
  bool restart = true;
  Duration off{0};
};
void describe(Fields<RestartSection>& fields);

struct CrashSection {
  bool crash = true;
  Duration off{0};
};
void describe(Fields<CrashSection>& fields);

struct ExpectationSection {
  Conditions check;
  std::optional<Match> match;
};
void describe(Fields<ExpectationSection>& fields);

}  // namespace sluice
