#include "gateway/testing/test_options.h"

#include <array>

namespace sluice {

bool ValueType<Moment>::read(const Node& node, Moment& value, Diagnostics& diagnostics) {
  diagnostics.show(node.value);
  if (node.kind == Node::Kind::time || node.kind == Node::Kind::string) {
    if (const auto time = parse_timestamp(node.text)) {
      value.time = *time;
      return true;
    }
  }
  diagnostics.error(node, "must be a date and time with its offset, such as 2026-01-01T00:00:00Z");
  return false;
}

bool ValueType<Conditions>::read(const Node& node, Conditions& value, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::array)
    return ValueType<std::vector<ExpressionText>>::read(node, value.all, diagnostics);
  ExpressionText one;
  if (!ValueType<ExpressionText>::read(node, one, diagnostics)) return false;
  value.all = {std::move(one)};
  return true;
}

std::span<const EnumName<Match>> enum_names(Match) {
  static constexpr std::array<EnumName<Match>, 2> names{
      {{"subset", Match::subset}, {"exact", Match::exact}}};
  return names;
}

std::span<const EnumName<Order>> enum_names(Order) {
  static constexpr std::array<EnumName<Order>, 2> names{
      {{"listed", Order::listed}, {"any", Order::any}}};
  return names;
}

void describe(Fields<TestFileSection>& fields) {
  fields
      .optional("configuration", &TestFileSection::configuration,
                "The configuration under test, relative to this file.")
      .optional("configuration_text", &TestFileSection::configuration_text,
                "The configuration itself, for a test that needs no file beside it.")
      .required("case", &TestFileSection::cases, "The test cases, each a [[case]].")
      .not_empty()
      .ensure(
          [](const TestFileSection& section) {
            return section.configuration.has_value() != section.configuration_text.has_value();
          },
          "needs 'configuration' or 'configuration_text', and not both");
}

void describe(Fields<CaseSection>& fields) {
  fields.required("name", &CaseSection::name, "What is true when the case passes, as a sentence.")
      .optional("start", &CaseSection::start, "Where the virtual clock begins.")
      .optional("match", &CaseSection::match, "How `data` of expected events is compared.")
      .optional("order", &CaseSection::order,
                "Whether events must come in the order in which they are listed.")
      .required("do", &CaseSection::steps, "What happens, in this order.")
      .required("expect", &CaseSection::expect,
                "What comes out: a list of events for each sink, pipeline or output.");
}

void describe(Fields<StepTimeSection>& fields) {
  fields.optional("at", &StepTimeSection::at, "When the step begins, counted from `start`.");
}

void describe(Fields<MessageSection>& fields) {
  fields.optional("sender", &MessageSection::sender, "Client id or address of the device.")
      .optional("topic", &MessageSection::topic, "MQTT topic, or CoAP path without its first '/'.")
      .optional("content_type", &MessageSection::content_type, "Media type, if it is said.")
      .optional("properties", &MessageSection::properties, "MQTT user properties.");
}

void describe(Fields<SendSection>& fields) {
  fields.required("send", &SendSection::send, "The source that receives the message.")
      .optional("payload", &SendSection::payload,
                "A text is sent as it is, every other value as JSON.")
      .optional("payload_file", &SendSection::payload_file,
                "A file with the payload, relative to this file.")
      .optional("payload_base64", &SendSection::payload_base64, "The payload's bytes.")
      .optional("packet", &SendSection::packet, "MQTT packet id of a message with QoS 1.")
      .optional("dup", &SendSection::dup, "The packet says that it may have been sent before.")
      .optional("message_id", &SendSection::message_id, "CoAP message id.")
      .optional("token", &SendSection::token, "CoAP token.")
      .ensure(
          [](const SendSection& section) {
            return (section.payload.node != nullptr) + section.payload_file.has_value() +
                       section.payload_base64.has_value() <=
                   1;
          },
          "a message has one payload: 'payload', 'payload_file' or 'payload_base64'")
      .ensure([](const SendSection& section) { return !section.dup || section.packet != 0; },
              "'dup' needs the 'packet' that is sent again")
      .ensure(
          [](const SendSection& section) {
            return section.packet == 0 || (section.message_id == 0 && section.token.empty());
          },
          "'packet' belongs to MQTT, 'message_id' and 'token' to CoAP: a message has either");
}

void describe(Fields<SendLinesSection>& fields) {
  fields.required("send_lines", &SendLinesSection::send_lines, "The source that receives them.")
      .required("file", &SendLinesSection::file,
                "A file with a payload on each line, relative to this file.")
      .optional("every", &SendLinesSection::every, "Time between two messages.");
}

void describe(Fields<WaitSection>& fields) {
  fields.required("wait", &WaitSection::wait, "Time passes.");
}

void describe(Fields<RestartSection>& fields) {
  fields.required("restart", &RestartSection::restart, "Stop cleanly and start again.")
      .optional("off", &RestartSection::off, "How long the gateway is not running.")
      .ensure([](const RestartSection& section) { return section.restart; },
              "'restart' can only be true");
}

void describe(Fields<CrashSection>& fields) {
  fields.required("crash", &CrashSection::crash, "The power is cut, and comes back.")
      .optional("off", &CrashSection::off, "How long the gateway is not running.")
      .ensure([](const CrashSection& section) { return section.crash; },
              "'crash' can only be true");
}

void describe(Fields<ExpectationSection>& fields) {
  fields.optional("check", &ExpectationSection::check, "Expressions that must be true.")
      .optional("match", &ExpectationSection::match, "How `data` of this event is compared.");
}

}  // namespace sluice
