#include "firmware-sim/upstream/batch.h"

#include <simdjson.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace sluice::sim {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t max_plain_bytes = std::size_t{256} * 1024 * 1024;

Error no_batch(std::string what) { return {ErrorKind::bad_input, std::move(what)}; }

// Streaming, because a sender need not write the size into the frame.
Result<std::string> decompress(std::string_view body) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          ZSTD_freeDStream);
  std::string plain;
  std::string piece(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer input{body.data(), body.size(), 0};
  std::size_t left = 1;
  bool is_full = false;
  // What fills the piece may have been the frame's last; asked again, zstd would want another
  // frame.
  while (input.pos < input.size || (is_full && left != 0)) {
    ZSTD_outBuffer output{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &output, &input);
    if (ZSTD_isError(left) != 0) return no_batch(std::string("zstd: ") + ZSTD_getErrorName(left));
    plain.append(piece, 0, output.pos);
    if (plain.size() > max_plain_bytes) return no_batch("more than 256 MiB when decompressed");
    is_full = output.pos == output.size;
  }
  if (left != 0) return no_batch("zstd: the frame is cut short");
  return plain;
}

std::string text_of(const object& event, const char* key) {
  element value;
  if (event[key].get(value) != simdjson::SUCCESS) return {};
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(value);
}

ReceivedRecord window_of(const object& event, ReceivedRecord record) {
  WindowResult& window = record.window.emplace();
  window.key = text_of(event, "subject");
  window.start = text_of(event, "windowstart");
  window.end = text_of(event, "windowend");
  std::uint64_t revision = 0;
  if (event["revision"].get(revision) == simdjson::SUCCESS) window.revision = revision;
  element data;
  const bool has_data = event["data"].get(data) == simdjson::SUCCESS;
  window.data = has_data ? std::string(simdjson::minify(data)) : "null";
  return record;
}

// {"device":"dev-7","boot":1,"seq":17}
bool take_plain(const object& data, ReceivedRecord& record) {
  std::string_view device;
  std::uint64_t seq = 0;
  if (data["device"].get(device) != simdjson::SUCCESS ||
      data["seq"].get(seq) != simdjson::SUCCESS) {
    return false;
  }
  record.device = device;
  record.seq = seq;
  if (data["boot"].get(record.boot) != simdjson::SUCCESS) record.boot = 0;
  return true;
}

// {"n":"dev-7/seq","v":17}: the device, and what the record says of it.
struct SenmlNumber {
  std::string_view device;
  std::string_view name;
  std::uint64_t value = 0;
};

std::optional<SenmlNumber> senml_number(const object& record) {
  std::string_view name;
  double value = 0;
  if (record["n"].get(name) != simdjson::SUCCESS || record["v"].get(value) != simdjson::SUCCESS ||
      value < 0) {
    return std::nullopt;
  }
  const std::size_t slash = name.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return SenmlNumber{name.substr(0, slash), name.substr(slash + 1),
                     static_cast<std::uint64_t>(value)};
}

// A whole pack: several readings of one device, each begun by its seq; a boot holds until the next.
void take_pack(const simdjson::dom::array& pack, const ReceivedRecord& event,
               std::vector<ReceivedRecord>& records) {
  std::uint64_t boot = 0;
  for (const element json : pack) {
    object fields;
    if (json.get(fields) != simdjson::SUCCESS) continue;
    const auto number = senml_number(fields);
    if (!number) continue;
    if (number->name == "boot") boot = number->value;
    if (number->name != "seq") continue;
    ReceivedRecord& record = records.emplace_back(event);
    record.device = number->device;
    record.boot = boot;
    record.seq = number->value;
  }
}

// One CloudEvent: a window, one reading, several (a SenML pack), or something else.
Result<void> take_event(const element& json, std::vector<ReceivedRecord>& records) {
  object event;
  if (json.get(event) != simdjson::SUCCESS) return no_batch("an event is a JSON object");
  ReceivedRecord record;
  record.id = text_of(event, "id");
  record.source = text_of(event, "source");
  record.type = text_of(event, "type");
  if (record.id.empty() || record.source.empty() || record.type.empty()) {
    return no_batch("a CloudEvent has id, source and type");
  }
  if (record.type == "sluice.window") {
    records.push_back(window_of(event, std::move(record)));
    return {};
  }
  simdjson::dom::array pack;
  if (event["data"].get(pack) == simdjson::SUCCESS) {
    const std::size_t before = records.size();
    take_pack(pack, record, records);
    if (records.size() > before) return {};
  }
  object data;
  if (event["data"].get(data) == simdjson::SUCCESS && !take_plain(data, record)) {
    // A SenML record by itself does not know its boot.
    const auto number = senml_number(data);
    if (number && number->name == "seq") {
      record.device = number->device;
      record.seq = number->value;
    }
  }
  records.push_back(std::move(record));
  return {};
}

Result<void> take_array(const std::string& text, std::vector<ReceivedRecord>& records) {
  simdjson::dom::parser parser;
  simdjson::dom::array events;
  if (parser.parse(text).get(events) != simdjson::SUCCESS) return no_batch("no JSON");
  for (const element event : events) TRY(take_event(event, records));
  return {};
}

// Each line by itself: simdjson's stream of documents reads beyond the end of some texts.
Result<void> take_lines(std::string_view text, std::vector<ReceivedRecord>& records) {
  simdjson::dom::parser parser;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(blanks) == std::string_view::npos) continue;
    element json;
    if (parser.parse(line.data(), line.size()).get(json) != simdjson::SUCCESS) {
      return no_batch("no JSON");
    }
    TRY(take_event(json, records));
  }
  return {};
}

}  // namespace

Result<Batch> read_batch(std::string_view body, std::string_view encoding) {
  std::string plain;
  if (encoding == "zstd") {
    plain = TRY(decompress(body));
  } else if (encoding.empty() || encoding == "identity") {
    plain = body;
  } else {
    return no_batch("Content-Encoding is zstd or identity");
  }
  Batch batch;
  batch.body_bytes = plain.size();
  if (plain.find_first_not_of(blanks) == std::string::npos) return batch;
  const bool is_array = plain[plain.find_first_not_of(blanks)] == '[';
  TRY(is_array ? take_array(plain, batch.records) : take_lines(plain, batch.records));
  return batch;
}

}  // namespace sluice::sim
