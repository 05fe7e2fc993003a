#include "firmware-sim/common/ledger.h"

#include <simdjson.h>

#include <fstream>

#include "core/value.h"
#include "firmware-sim/common/json_line.h"

namespace sluice::sim {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

bool take(const object& line, std::string_view key, std::string& out) {
  std::string_view text;
  if (line[key].get(text) != simdjson::SUCCESS) return false;
  out = text;
  return true;
}

template <typename Integer>
bool take(const object& line, std::string_view key, Integer& out) {
  return line[key].get(out) == simdjson::SUCCESS;
}

// A member that may be left out, and is not 0 when it is there.
bool take_boot(const object& line, std::uint64_t& boot) {
  const auto error = line["boot"].get(boot);
  return error == simdjson::NO_SUCH_FIELD || (error == simdjson::SUCCESS && boot > 0);
}

bool parse(const object& line, SentRecord& record) {
  std::string protocol;
  std::string expect;
  if (!take(line, "device", record.device) || !take(line, "seq", record.seq) ||
      !take(line, "protocol", protocol) || !take(line, "sent_ms", record.sent_ms) ||
      !take(line, "expect", expect)) {
    return false;
  }
  if (!take_boot(line, record.boot)) return false;
  element acked;
  if (line["acked_ms"].get(acked) != simdjson::SUCCESS) return false;
  if (!acked.is_null()) {
    std::int64_t acked_ms = 0;
    if (acked.get(acked_ms) != simdjson::SUCCESS) return false;
    record.acked_ms = acked_ms;
  }
  for (const Protocol known : {Protocol::mqtt, Protocol::coap}) {
    if (protocol == name_of(known)) record.protocol = known;
  }
  for (const Expect known : {Expect::deliver, Expect::filtered, Expect::reject}) {
    if (expect == name_of(known)) record.expect = known;
  }
  return record.seq > 0 && protocol == name_of(record.protocol) && expect == name_of(record.expect);
}

bool parse(const object& line, ReceivedRecord& record) {
  if (!take(line, "id", record.id) || !take(line, "source", record.source) ||
      !take(line, "batch", record.batch) || !take(line, "received_ms", record.received_ms)) {
    return false;
  }
  object window;
  if (line["window"].get(window) == simdjson::SUCCESS) {
    WindowResult& result = record.window.emplace();
    element data;
    if (!take(window, "key", result.key) || !take(window, "start", result.start) ||
        !take(window, "end", result.end) || !take(window, "revision", result.revision) ||
        line["data"].get(data) != simdjson::SUCCESS) {
      return false;
    }
    result.data = simdjson::minify(data);
    return true;
  }
  if (take(line, "device", record.device)) {
    return take_boot(line, record.boot) && take(line, "seq", record.seq) && record.seq > 0;
  }
  return take(line, "type", record.type);
}

template <typename Record>
Result<void> read_lines(const std::string& path, const std::function<void(Record)>& visit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorKind::try_later, path + ": cannot be read"};
  simdjson::dom::parser parser;
  std::string text;
  for (std::uint64_t number = 1; std::getline(file, text); ++number) {
    if (file.eof()) break;  // no newline: its writer ended in mid-line
    object line;
    Record record;
    if (parser.parse(text).get(line) != simdjson::SUCCESS || !parse(line, record)) {
      return Error{ErrorKind::bad_input,
                   path + ":" + std::to_string(number) + ": not a line of this ledger"};
    }
    visit(std::move(record));
  }
  return {};
}

}  // namespace

std::string_view name_of(Protocol protocol) { return protocol == Protocol::mqtt ? "mqtt" : "coap"; }

std::string_view name_of(Expect expect) {
  switch (expect) {
    case Expect::filtered:
      return "filtered";
    case Expect::reject:
      return "reject";
    case Expect::deliver:
      break;
  }
  return "deliver";
}

std::string format_line(const SentRecord& record) {
  JsonLine line;
  line.text("device", record.device);
  if (record.boot > 0) line.number("boot", record.boot);
  line.number("seq", record.seq)
      .text("protocol", name_of(record.protocol))
      .number("sent_ms", static_cast<std::uint64_t>(record.sent_ms));
  if (record.acked_ms) {
    line.number("acked_ms", static_cast<std::uint64_t>(*record.acked_ms));
  } else {
    line.null("acked_ms");
  }
  return line.text("expect", name_of(record.expect)).finish() + '\n';
}

std::string format_line(const ReceivedRecord& record) {
  JsonLine line;
  line.text("id", record.id).text("source", record.source);
  if (record.window) {
    line.raw("window", JsonLine()
                           .text("key", record.window->key)
                           .text("start", record.window->start)
                           .text("end", record.window->end)
                           .number("revision", record.window->revision)
                           .finish())
        .raw("data", record.window->data);
  } else if (record.seq > 0) {
    line.text("device", record.device);
    if (record.boot > 0) line.number("boot", record.boot);
    line.number("seq", record.seq);
  } else {
    line.text("type", record.type);
  }
  line.text("batch", record.batch);
  line.number("received_ms", static_cast<std::uint64_t>(record.received_ms));
  return line.finish() + '\n';
}

Result<void> read_sent(const std::string& path, const std::function<void(SentRecord)>& visit) {
  return read_lines<SentRecord>(path, visit);
}

Result<void> read_received(const std::string& path,
                           const std::function<void(ReceivedRecord)>& visit) {
  return read_lines<ReceivedRecord>(path, visit);
}

}  // namespace sluice::sim
