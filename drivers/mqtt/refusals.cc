#include "drivers/mqtt/refusals.h"

namespace sluice::mqtt {

Refusal refusal_of(const Violation& violation) {
  switch (violation.reason) {
    case Reason::unsupported_protocol_version:
      return Refusal::protocol_version;
    case Reason::client_identifier_not_valid:
      return Refusal::client_id;
    case Reason::bad_authentication_method:
      return Refusal::authentication;
    case Reason::packet_too_large:
      return Refusal::packet_too_large;
    case Reason::topic_name_invalid:
    case Reason::not_authorized:
      return Refusal::topic;
    case Reason::keep_alive_timeout:
      return Refusal::keep_alive;
    case Reason::receive_maximum_exceeded:
      return Refusal::in_flight;
    case Reason::quota_exceeded:
      return Refusal::not_stored;
    case Reason::server_unavailable:
      return Refusal::too_many_sessions;
    default:
      return Refusal::malformed;
  }
}

}  // namespace sluice::mqtt
