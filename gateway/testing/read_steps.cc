#include "gateway/testing/read_steps.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include "config/nearest.h"
#include "config/table_reader.h"
#include "gateway/toml_json.h"

namespace sluice {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{16} << 20;

constexpr std::array<std::string_view, 5> step_keys = {"send", "send_lines", "wait", "restart",
                                                       "crash"};

SentMessage to_message(const MessageSection& section, std::size_t source) {
  SentMessage message;
  message.source = source;
  message.sender = section.sender;
  message.topic = section.topic;
  message.content_type = section.content_type;
  message.properties.assign(section.properties.begin(), section.properties.end());
  return message;
}

// What the MQTT and CoAP drivers say of a message with these numbers.
void number_message(const SendSection& section, SentMessage& message) {
  if (section.packet != 0) {
    message.number = section.packet;
    message.repeat = section.dup ? Repeat::possible : Repeat::never;
  } else if (section.message_id != 0) {
    message.number = section.message_id;
    message.repeat = Repeat::proven;
  }
  message.token = section.token;
}

}  // namespace

std::vector<TestStep> StepReader::read(const std::vector<RawTable>& tables) {
  for (const RawTable& table : tables) read_step(table);
  return std::move(steps_);
}

template <typename Section>
bool StepReader::read_sections(const RawTable& table, Section& section, TestStep& step,
                               MessageSection* message) {
  TableReader reader(table, surroundings_.diagnostics);
  StepTimeSection time;
  bool is_good = reader.read(time);
  is_good = reader.read(section) && is_good;
  if (message != nullptr) is_good = reader.read(*message) && is_good;
  reader.finish();  // a key that is unknown is no reason to be silent about the rest
  if (!is_good) return false;
  if (time.at && *time.at < now_) {
    const Node& at = *table.node().find("at");
    surroundings_.diagnostics.error(
        at, "the clock has come to " + format_duration(now_) + " already, and never goes back");
    return false;
  }
  if (time.at) pass(*time.at - now_, table);
  step.at = now_;
  return true;
}

void StepReader::read_step(const RawTable& table) {
  const auto kind = choose_by_key(table, step_keys, "step", surroundings_.diagnostics);
  if (!kind) return;
  TestStep step;
  step.position = table.position();
  const std::string_view key = step_keys[*kind];
  if (key == "send") return read_send(table, step);
  if (key == "send_lines") return read_send_lines(table, step);
  if (key == "wait") {
    WaitSection section;
    if (!read_sections(table, section, step)) return;
    step.kind = TestStep::Kind::wait;
    step.duration = section.wait;
  } else if (key == "restart") {
    RestartSection section;
    if (!read_sections(table, section, step)) return;
    step.kind = TestStep::Kind::restart;
    step.duration = section.off;
  } else {
    CrashSection section;
    if (!read_sections(table, section, step)) return;
    step.kind = TestStep::Kind::crash;
    step.duration = section.off;
  }
  pass(step.duration, table);
  steps_.push_back(std::move(step));
}

void StepReader::read_send(const RawTable& table, TestStep& step) {
  SendSection section;
  MessageSection message;
  if (!read_sections(table, section, step, &message)) return;
  const auto source = find_source(section.send);
  std::string payload = read_payload(section);
  if (!source) return;
  check_protocol(section, table, *source);
  step.kind = TestStep::Kind::send;
  step.messages.push_back(to_message(message, *source));
  number_message(section, step.messages.back());
  step.messages.back().payload = std::move(payload);
  steps_.push_back(std::move(step));
}

void StepReader::read_send_lines(const RawTable& table, TestStep& step) {
  SendLinesSection section;
  MessageSection message;
  if (!read_sections(table, section, step, &message)) return;
  const auto source = find_source(section.send_lines);
  const std::string text = read_file(section.file);
  if (!source) return;
  step.kind = TestStep::Kind::send;
  step.duration = section.every;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (!step.messages.empty()) pass(section.every, table);
    step.messages.push_back(to_message(message, *source));
    step.messages.back().payload = line;
  }
  steps_.push_back(std::move(step));
}

std::optional<std::size_t> StepReader::find_source(const LocatedText& name) {
  if (surroundings_.configuration == nullptr) return std::nullopt;
  const auto& sources = surroundings_.configuration->sources;
  const auto found = std::ranges::find(sources, name.text(), &SourcePlan::name);
  if (found != sources.end()) return static_cast<std::size_t>(found - sources.begin());
  std::vector<std::string_view> known;
  known.reserve(sources.size());
  for (const SourcePlan& source : sources) known.emplace_back(source.name);
  surroundings_.diagnostics.error(
      name.position(), name.path(),
      "there is no source '" + name.text() + "'" + suggestion(name.text(), known));
  return std::nullopt;
}

// A number that the source's protocol does not have would be tested in vain.
void StepReader::check_protocol(const SendSection& section, const RawTable& table,
                                std::size_t source) {
  const SourcePlan& plan = surroundings_.configuration->sources[source];
  const auto refuse = [&](std::string_view key, std::string_view protocol) {
    surroundings_.diagnostics.error(*table.node().find(key), "belongs to " + std::string(protocol) +
                                                                 ", and the source '" + plan.name +
                                                                 "' is of type " + plan.type);
  };
  if (section.packet != 0 && plan.type != "mqtt") refuse("packet", "MQTT");
  if (section.message_id != 0 && plan.type != "coap") refuse("message_id", "CoAP");
}

std::string StepReader::read_payload(const SendSection& section) {
  if (section.payload_file) return read_file(*section.payload_file);
  if (section.payload_base64) {
    const LocatedText& text = *section.payload_base64;
    std::string bytes;
    if (!absl::Base64Unescape({text.text().data(), text.text().size()}, &bytes))
      surroundings_.diagnostics.error(text.position(), text.path(), "is not base64");
    return bytes;
  }
  const Node* node = section.payload.node;
  if (node == nullptr) return {};
  if (node->kind == Node::Kind::string) {
    surroundings_.diagnostics.show(node->value);
    return node->text;
  }
  std::string json;
  append_toml_as_json(json, *node, surroundings_.diagnostics);
  return json;
}

std::string StepReader::read_file(const LocatedText& name) {
  const std::filesystem::path path = surroundings_.folder / name.text();
  std::ifstream file(path, std::ios::binary);
  std::string text(max_file_bytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) {
    surroundings_.diagnostics.error(name.position(), name.path(),
                                    "cannot read the file '" + path.string() + "'");
    return {};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > max_file_bytes) {
    surroundings_.diagnostics.error(name.position(), name.path(),
                                    "'" + path.string() + "' is larger than 16 MiB");
    return {};
  }
  return text;
}

void StepReader::pass(Duration duration, const RawTable& table) {
  const Duration left = Timestamp::max() - std::max(start_, Timestamp{}) - now_;
  if (duration <= left) {
    now_ += duration;
  } else {
    surroundings_.diagnostics.error(table.node(), "the clock would pass the year 2262");
  }
}

}  // namespace sluice
