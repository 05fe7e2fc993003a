// A CoAP request as libcoap hands it over, read into plain fields, with what is wrong with it.
#pragma once

#include <coap3/coap.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "drivers/coap/block_transfers.h"
#include "drivers/coap/config.h"

namespace sluice {

// Why a request is refused: the label `reason` of sluice_source_refused_total.
enum class RefusalReason : std::uint8_t {
  method,
  resource,
  content_format,
  options,  // a critical option that we do not understand, or a malformed one
  size,
  block,         // a body whose blocks do not fit together
  backpressure,  // the gateway cannot take more now
};
inline constexpr std::size_t refusal_reasons = 7;
std::string_view reason_name(RefusalReason reason);
// What the people of the plant can do about it.
std::string_view remedy_of(RefusalReason reason);

struct Refusal {
  RefusalReason reason;
  coap_pdu_code_t code;
  std::string_view diagnostic;  // a constant sentence, sent as the payload
};

// Texts are lent from the PDU unless noted.
struct Request {
  std::uint16_t message_id = 0;
  bool is_confirmable = false;
  std::string_view token;
  std::string path;               // Uri-Path joined by '/'; owned
  std::vector<Property> queries;  // Uri-Query: name=value
  std::string_view content_type;  // a constant; empty: not said
  std::string_view payload;
  std::optional<std::uint32_t> block1;  // the option's value, to be sent back
  Block block;                          // meaningful while block1 is set
  // Of all that makes it this request: a retransmission has the same, a new request another one.
  std::uint64_t fingerprint = 0;
};

// Fills `request` as far as it can be read, also when it is refused.
std::optional<Refusal> read_request(const coap_pdu_t& pdu, const CoapSourceConfig& config,
                                    Request& request);

}  // namespace sluice
