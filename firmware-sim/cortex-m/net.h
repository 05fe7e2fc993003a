// As much of the Internet as a sensor with one gateway needs: ARP, IPv4 and UDP to one peer.
//
// No fragments, no options of IPv4, no routes: the peer is on the same link. What is not a UDP
// datagram from the peer's address and port to ours, with right checksums, is dropped.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { net_max_payload = 1472, net_arp_retry_ms = 250, net_arp_life_ms = 60000 };

typedef struct NetConfig {
  uint8_t mac[6];
  uint8_t address[4];
  uint8_t peer[4];
  uint16_t port;  // ours
  uint16_t peer_port;
} NetConfig;

typedef struct Net {
  NetConfig config;
  uint8_t peer_mac[6];
  bool has_peer_mac;
  uint64_t peer_mac_until_ms;  // then it is asked for again, and used meanwhile
  uint64_t asked_ms;
  uint16_t identification;
} Net;

// False: the Ethernet controller is not there.
bool net_start(Net* net, const NetConfig* config);
// False: not now, the peer is not found yet or the controller is busy.
bool net_send(Net* net, const uint8_t* payload, size_t size, uint64_t now_ms);
// The next datagram from the peer, 0: none. One of more than `room` bytes is dropped.
size_t net_receive(Net* net, uint8_t* payload, size_t room, uint64_t now_ms);

// Over bytes as 16-bit words in network order (RFC 1071), without the final complement.
uint32_t net_sum(uint32_t sum, const uint8_t* bytes, size_t size);
uint16_t net_checksum(uint32_t sum);
