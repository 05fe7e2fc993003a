// An endpoint of libcoap with the two things that libcoap does not offer: the port that the system
// chose, and a receive buffer for more than some 270 datagrams.
#pragma once

#include <coap3/coap.h>

#include <string>

#include "core/result.h"
#include "drivers/coap/address.h"

namespace sluice {

// Binds a UDP endpoint in `context`, which owns it, and sets `address` to what it is bound to. A
// receive buffer that the system does not grant in full is no error.
//   try_later  the port is taken, or the address is not ours (yet)
Result<void> open_udp_endpoint(coap_context_t& context, SocketAddress& address,
                               std::size_t receive_buffer_bytes);

}  // namespace sluice
