// Fuzz target: the SenML decoder over JSON and CBOR. The first byte chooses format and options.
// What a pack resolves to is a resolved pack: decoded again, it gives the same records.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/codecs/cbor.h"
#include "drivers/codecs/senml.h"

namespace sluice {
namespace {

constexpr std::uint8_t cbor_bit = 1;
constexpr std::uint8_t lwm2m_bit = 2;

Message make_message(std::string_view payload, std::string_view content_type) {
  Message message;
  message.payload = payload;
  message.content_type = content_type;
  message.received = Timestamp(std::chrono::seconds(1'700'000'000));
  return message;
}

void run(std::uint8_t choice, std::string_view payload) {
  SenmlOptions options;
  options.events = SenmlEvents::per_pack;
  if ((choice & lwm2m_bit) != 0) options.names = SenmlNames::lwm2m;
  const bool is_cbor = (choice & cbor_bit) != 0;
  Arena arena;
  std::vector<Event> events;
  SenmlDecoder decoder(options);
  const auto type = is_cbor ? "application/senml+cbor" : "application/senml+json";
  if (!decoder.decode(make_message(payload, type), true, arena, events)) {
    CHECK(events.empty());
    return;
  }
  if (events.empty()) return;  // base fields only
  CHECK(events.size() == 1);
  for (const Value& record : events[0].data.as_list()) {
    // Below 2^28 s "t" would be taken as relative the second time; NaN equals nothing.
    const Value* value = record.find("v");
    const Value* sum = record.find("s");
    const bool is_finite =
        (value == nullptr || is_same(*value, *value)) && (sum == nullptr || is_same(*sum, *sum));
    if (!is_finite || record.find("t")->to_double() < 268435456.0) return;
  }
  const std::string resolved = to_json(events[0].data);
  std::vector<Event> again;
  const auto decoded =
      decoder.decode(make_message(resolved, "application/senml+json"), true, arena, again);
  // Infinity, which CBOR knows, is null in JSON.
  if (!decoded && is_cbor) return;
  CHECK(decoded.is_ok());
  CHECK(to_json(again.at(0).data) == resolved);
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // Its own allocation of the exact size: the address sanitizer sees a read past the end.
  const std::vector<char> payload(data + 1, data + size);
  sluice::run(data[0], {payload.data(), payload.size()});
  return 0;
}
