#include "firmware-sim/cortex-m/net.h"

#include <string.h>

#include "firmware-sim/cortex-m/lan9118.h"

enum { ethernet_bytes = 14, arp_bytes = 28, ip_bytes = 20, udp_bytes = 8 };
enum { type_ip = 0x0800, type_arp = 0x0806, protocol_udp = 17 };
enum { arp_request = 1, arp_reply = 2 };

static uint16_t load16(const uint8_t* bytes) {
  return (uint16_t)((uint16_t)bytes[0] << 8 | bytes[1]);
}

static void store16(uint8_t* bytes, uint32_t number) {
  bytes[0] = (uint8_t)(number >> 8);
  bytes[1] = (uint8_t)number;
}

uint32_t net_sum(uint32_t sum, const uint8_t* bytes, size_t size) {
  for (size_t at = 0; at + 1 < size; at += 2) sum += load16(bytes + at);
  if (size % 2 != 0) sum += (uint32_t)bytes[size - 1] << 8;
  return sum;
}

uint16_t net_checksum(uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return (uint16_t)~sum;
}

bool net_start(Net* net, const NetConfig* config) {
  memset(net, 0, sizeof *net);
  net->config = *config;
  return lan9118_start(config->mac);
}

static void put_ethernet(const Net* net, uint8_t* frame, const uint8_t* to, uint16_t type) {
  memcpy(frame, to, 6);
  memcpy(frame + 6, net->config.mac, 6);
  store16(frame + 12, type);
}

// --- ARP (RFC 826) ---

static void send_arp(const Net* net, uint16_t operation, const uint8_t* to_mac,
                     const uint8_t* to_address) {
  static const uint8_t all[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
  uint8_t frame[ethernet_bytes + arp_bytes];
  memset(frame, 0, sizeof frame);
  put_ethernet(net, frame, operation == arp_request ? all : to_mac, type_arp);
  uint8_t* const arp = frame + ethernet_bytes;
  store16(arp, 1);  // Ethernet
  store16(arp + 2, type_ip);
  arp[4] = 6;
  arp[5] = 4;
  store16(arp + 6, operation);
  memcpy(arp + 8, net->config.mac, 6);
  memcpy(arp + 14, net->config.address, 4);
  if (operation == arp_reply) memcpy(arp + 18, to_mac, 6);
  memcpy(arp + 24, to_address, 4);
  lan9118_send(frame, sizeof frame);
}

static void find_peer(Net* net, uint64_t now_ms) {
  const bool is_fresh = net->has_peer_mac && now_ms < net->peer_mac_until_ms;
  if (is_fresh || (net->asked_ms != 0 && now_ms - net->asked_ms < net_arp_retry_ms)) return;
  net->asked_ms = now_ms;
  send_arp(net, arp_request, NULL, net->config.peer);
}

static void take_arp(Net* net, const uint8_t* arp, size_t size, uint64_t now_ms) {
  if (size < arp_bytes || load16(arp) != 1 || load16(arp + 2) != type_ip) return;
  if (memcmp(arp + 24, net->config.address, 4) != 0) return;
  if (memcmp(arp + 14, net->config.peer, 4) == 0) {
    memcpy(net->peer_mac, arp + 8, 6);
    net->has_peer_mac = true;
    net->peer_mac_until_ms = now_ms + net_arp_life_ms;
  }
  if (load16(arp + 6) == arp_request) send_arp(net, arp_reply, arp + 8, arp + 14);
}

// --- IPv4 (RFC 791) and UDP (RFC 768) ---

// What the UDP checksum covers beside the datagram.
static uint32_t pseudo_sum(const uint8_t* ip, size_t udp_size) {
  return net_sum(protocol_udp + (uint32_t)udp_size, ip + 12, 8);
}

bool net_send(Net* net, const uint8_t* payload, size_t size, uint64_t now_ms) {
  find_peer(net, now_ms);
  if (!net->has_peer_mac || size > net_max_payload) return false;
  uint8_t frame[lan9118_max_frame];
  memset(frame, 0, ethernet_bytes + ip_bytes + udp_bytes);
  put_ethernet(net, frame, net->peer_mac, type_ip);
  uint8_t* const ip = frame + ethernet_bytes;
  uint8_t* const udp = ip + ip_bytes;
  const size_t udp_size = udp_bytes + size;
  memcpy(udp + udp_bytes, payload, size);
  ip[0] = 0x45;
  store16(ip + 2, (uint32_t)(ip_bytes + udp_size));
  store16(ip + 4, ++net->identification);
  ip[6] = 0x40;  // do not fragment
  ip[8] = 64;
  ip[9] = protocol_udp;
  memcpy(ip + 12, net->config.address, 4);
  memcpy(ip + 16, net->config.peer, 4);
  store16(ip + 10, net_checksum(net_sum(0, ip, ip_bytes)));
  store16(udp, net->config.port);
  store16(udp + 2, net->config.peer_port);
  store16(udp + 4, (uint32_t)udp_size);
  const uint16_t checksum = net_checksum(net_sum(pseudo_sum(ip, udp_size), udp, udp_size));
  store16(udp + 6, checksum == 0 ? 0xFFFF : checksum);  // 0 would be "none"
  return lan9118_send(frame, ethernet_bytes + ip_bytes + udp_size);
}

// The payload of a datagram from the peer to us; 0: it is none.
static size_t take_ip(const Net* net, const uint8_t* ip, size_t size, const uint8_t** payload) {
  if (size < ip_bytes + udp_bytes || ip[0] != 0x45 || ip[9] != protocol_udp) return 0;
  const size_t ip_size = load16(ip + 2);
  const bool is_fragment = (load16(ip + 6) & 0x3FFF) != 0;
  if (ip_size > size || ip_size < ip_bytes + udp_bytes || is_fragment) return 0;
  if (net_checksum(net_sum(0, ip, ip_bytes)) != 0) return 0;
  if (memcmp(ip + 12, net->config.peer, 4) != 0) return 0;
  if (memcmp(ip + 16, net->config.address, 4) != 0) return 0;
  const uint8_t* const udp = ip + ip_bytes;
  const size_t udp_size = load16(udp + 4);
  if (udp_size < udp_bytes || udp_size > ip_size - ip_bytes) return 0;
  if (load16(udp) != net->config.peer_port || load16(udp + 2) != net->config.port) return 0;
  const bool has_checksum = load16(udp + 6) != 0;
  if (has_checksum && net_checksum(net_sum(pseudo_sum(ip, udp_size), udp, udp_size)) != 0) return 0;
  *payload = udp + udp_bytes;
  return udp_size - udp_bytes;
}

size_t net_receive(Net* net, uint8_t* payload, size_t room, uint64_t now_ms) {
  uint8_t frame[lan9118_max_frame];
  size_t size = 0;
  while ((size = lan9118_receive(frame, sizeof frame)) != 0) {
    if (size < ethernet_bytes) continue;
    const uint16_t type = load16(frame + 12);
    if (type == type_arp) take_arp(net, frame + ethernet_bytes, size - ethernet_bytes, now_ms);
    if (type != type_ip) continue;
    const uint8_t* bytes = NULL;
    const size_t taken = take_ip(net, frame + ethernet_bytes, size - ethernet_bytes, &bytes);
    if (taken == 0 || taken > room) continue;
    memcpy(payload, bytes, taken);
    return taken;
  }
  return 0;
}
