// The two ledgers that an account is made of, as NDJSON, one line an event.
//
//   sent      {"device","boot","seq","protocol":"mqtt"|"coap","sent_ms","acked_ms"|null,
//              "expect":"deliver"|"filtered"|"reject"}            written by sluice-sim
//   received  {"id","source","device","boot","seq","batch","received_ms"}  by sluice-receiver
//             {"id","source","window":{"key","start","end","revision"},"data","batch","received_ms"}
//             {"id","source","type","batch","received_ms"}          any other event
//
// `boot` and `seq` are the device's own: a seq is given once in a boot, and starts at 1. `boot` is
// left out where an event does not carry it. Times are milliseconds since 1970.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice::sim {

enum class Protocol : std::uint8_t { mqtt, coap };

// What a gateway with the demo's filter does with an event that it took.
enum class Expect : std::uint8_t {
  deliver,   // it arrives upstream
  filtered,  // the filter drops it: a stuck sensor
  reject,    // it is no JSON: a dead letter
};

struct SentRecord {
  std::string device;
  std::uint64_t boot = 0;  // 0: not known
  std::uint64_t seq = 0;
  Protocol protocol = Protocol::mqtt;
  std::int64_t sent_ms = 0;
  std::optional<std::int64_t> acked_ms;  // empty: never acknowledged
  Expect expect = Expect::deliver;
};

struct WindowResult {
  std::string key;
  std::string start;
  std::string end;
  std::uint64_t revision = 0;
  std::string data;  // JSON
};

struct ReceivedRecord {
  std::string id;
  std::string source;
  std::string type;
  std::string device;      // with seq: a reading
  std::uint64_t boot = 0;  // 0: it does not say
  std::uint64_t seq = 0;   // 0: not a reading
  std::optional<WindowResult> window;
  std::string batch;
  std::int64_t received_ms = 0;
};

std::string_view name_of(Protocol protocol);
std::string_view name_of(Expect expect);

// One line each, with its newline.
std::string format_line(const SentRecord& record);
std::string format_line(const ReceivedRecord& record);

// Calls `visit` for each line in order. An unfinished last line (its writer was killed) is skipped.
//   try_later  the file cannot be read
//   bad_input  a line is not of this ledger; the message names file and line
Result<void> read_sent(const std::string& path, const std::function<void(SentRecord)>& visit);
Result<void> read_received(const std::string& path,
                           const std::function<void(ReceivedRecord)>& visit);

}  // namespace sluice::sim
