// The board's ARP, IPv4 and UDP, over a controller that a test plays.
#include "firmware-sim/cortex-m/net.h"

#include <string.h>

#include "firmware-sim/cortex-m/lan9118.h"
#include "firmware-sim/unity/unity.h"

static uint8_t sent[lan9118_max_frame];
static size_t sent_size;
static unsigned frames;
static uint8_t waiting[2][lan9118_max_frame];
static size_t waiting_size[2];
static unsigned waiting_count;
static bool is_busy;

bool lan9118_start(const uint8_t mac[6]) { return mac[0] == 0x52; }

bool lan9118_send(const uint8_t* frame, size_t size) {
  if (is_busy) return false;
  memcpy(sent, frame, size);
  sent_size = size;
  ++frames;
  return true;
}

size_t lan9118_receive(uint8_t* frame, size_t room) {
  if (waiting_count == 0) return 0;
  const size_t size = waiting_size[0];
  TEST_ASSERT_LESS_OR_EQUAL_UINT32(room, size);
  memcpy(frame, waiting[0], size);
  memcpy(waiting[0], waiting[1], lan9118_max_frame);
  waiting_size[0] = waiting_size[1];
  --waiting_count;
  return size;
}

static void arrive(const uint8_t* frame, size_t size) {
  memcpy(waiting[waiting_count], frame, size);
  waiting_size[waiting_count++] = size;
}

static const NetConfig config = {
    {0x52, 0x54, 0, 0x12, 0x34, 0x56}, {10, 0, 2, 15}, {10, 0, 2, 2}, 5683, 25683};
static const uint8_t peer_mac[6] = {2, 2, 2, 2, 2, 2};
static Net net;
static uint8_t payload[net_max_payload];

// From the peer: 10.0.2.2 is at 02:02:02:02:02:02.
static const uint8_t arp_answer[] = {
    0x52, 0x54, 0, 0x12, 0x34, 0x56, 2, 2,  2, 2, 2, 2,    8,    6, 0,    1,    8,    0,  6, 4, 0,
    2,    2,    2, 2,    2,    2,    2, 10, 0, 2, 2, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 10, 0, 2, 15};
// From 10.0.2.2:25683 to us: "hello", checksums by another implementation.
static const uint8_t hello[] = {
    0x52, 0x54, 0,    0x12, 0x34, 0x56, 2,  2,  2,    2,    2,   2,   8,   0,   0x45, 0,
    0,    33,   0x12, 0x34, 0,    0,    64, 17, 0x50, 0x88, 10,  0,   2,   2,   10,   0,
    2,    15,   0x64, 0x53, 0x16, 0x33, 0,  13, 0x29, 0x6B, 'h', 'e', 'l', 'l', 'o'};

void setUp(void) {
  frames = waiting_count = 0;
  sent_size = 0;
  is_busy = false;
  TEST_ASSERT_TRUE(net_start(&net, &config));
}

static size_t receive(void) { return net_receive(&net, payload, sizeof payload, 1000); }

static void find_peer(void) {
  arrive(arp_answer, sizeof arp_answer);
  TEST_ASSERT_EQUAL_UINT32(0, receive());
}

static void the_peer_is_asked_for_before_anything_is_sent(void) {
  TEST_ASSERT_FALSE(net_send(&net, (const uint8_t*)"hi", 2, 1000));
  TEST_ASSERT_EQUAL_UINT32(1, frames);
  TEST_ASSERT_EACH_EQUAL_HEX8(0xFF, sent, 6);
  const uint8_t question[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};
  TEST_ASSERT_EQUAL_HEX8_ARRAY(question, sent + 12, 10);
  TEST_ASSERT_EQUAL_HEX8_ARRAY(config.peer, sent + 38, 4);
  // Not for each packet.
  TEST_ASSERT_FALSE(net_send(&net, (const uint8_t*)"hi", 2, 1100));
  TEST_ASSERT_EQUAL_UINT32(1, frames);
  TEST_ASSERT_FALSE(net_send(&net, (const uint8_t*)"hi", 2, 1250));
  TEST_ASSERT_EQUAL_UINT32(2, frames);
  find_peer();
  TEST_ASSERT_TRUE(net_send(&net, (const uint8_t*)"hi", 2, 1300));
  TEST_ASSERT_EQUAL_HEX8_ARRAY(peer_mac, sent, 6);
}

static void a_datagram_has_right_checksums_and_lengths(void) {
  find_peer();
  for (size_t size = 1; size <= 12; ++size) {
    TEST_ASSERT_TRUE(net_send(&net, (const uint8_t*)"hello, world", size, 1000));
    const uint8_t* const ip = sent + 14;
    TEST_ASSERT_EQUAL_UINT32(14 + 28 + size, sent_size);
    TEST_ASSERT_EQUAL_UINT8(28 + size, ip[3]);
    TEST_ASSERT_EQUAL_UINT8(8 + size, ip[25]);
    // A right checksum makes the sum over all, with itself, zero.
    TEST_ASSERT_EQUAL_HEX16(0, net_checksum(net_sum(0, ip, 20)));
    const uint32_t pseudo = net_sum(17 + 8 + (uint32_t)size, ip + 12, 8);
    TEST_ASSERT_EQUAL_HEX16(0, net_checksum(net_sum(pseudo, ip + 20, 8 + size)));
    TEST_ASSERT_EQUAL_MEMORY("hello, world", ip + 28, size);
  }
}

static void a_datagram_from_the_peer_is_received(void) {
  arrive(hello, sizeof hello);
  TEST_ASSERT_EQUAL_UINT32(5, receive());
  TEST_ASSERT_EQUAL_MEMORY("hello", payload, 5);
  TEST_ASSERT_EQUAL_UINT32(0, receive());
}

static void padding_of_a_short_frame_is_no_payload(void) {
  uint8_t padded[60] = {0};
  memcpy(padded, hello, sizeof hello);
  arrive(padded, sizeof padded);
  TEST_ASSERT_EQUAL_UINT32(5, receive());
}

// Each byte of addresses, ports, lengths and content matters: changed, the datagram is dropped.
static void a_damaged_datagram_is_dropped_and_the_next_one_received(void) {
  for (size_t at = 12; at < sizeof hello; ++at) {
    uint8_t damaged[sizeof hello];
    memcpy(damaged, hello, sizeof hello);
    damaged[at] ^= 0x04;
    setUp();
    arrive(damaged, sizeof damaged);
    arrive(hello, sizeof hello);
    TEST_ASSERT_EQUAL_UINT32(5, receive());
    TEST_ASSERT_EQUAL_UINT32(0, waiting_count);
    TEST_ASSERT_EQUAL_UINT32(0, receive());
  }
}

static void a_datagram_without_a_checksum_is_taken(void) {
  uint8_t unchecked[sizeof hello];
  memcpy(unchecked, hello, sizeof hello);
  unchecked[40] = unchecked[41] = 0;
  arrive(unchecked, sizeof unchecked);
  TEST_ASSERT_EQUAL_UINT32(5, receive());
}

static void a_cut_frame_is_dropped(void) {
  for (size_t size = 1; size < sizeof hello; ++size) {
    arrive(hello, size);
    TEST_ASSERT_EQUAL_UINT32(0, receive());
  }
  for (size_t size = 1; size < sizeof arp_answer; ++size) {
    arrive(arp_answer, size);
    TEST_ASSERT_EQUAL_UINT32(0, receive());
  }
  TEST_ASSERT_FALSE(net.has_peer_mac);
}

static void what_does_not_fit_is_dropped(void) {
  arrive(hello, sizeof hello);
  TEST_ASSERT_EQUAL_UINT32(0, net_receive(&net, payload, 4, 1000));
  TEST_ASSERT_FALSE(net_send(&net, payload, net_max_payload + 1, 1000));
}

static void who_asks_for_us_is_answered(void) {
  uint8_t question[sizeof arp_answer];
  memcpy(question, arp_answer, sizeof question);
  question[21] = 1;
  arrive(question, sizeof question);
  receive();
  TEST_ASSERT_EQUAL_UINT32(1, frames);
  TEST_ASSERT_EQUAL_HEX8_ARRAY(peer_mac, sent, 6);
  TEST_ASSERT_EQUAL_HEX8(2, sent[21]);
  TEST_ASSERT_EQUAL_HEX8_ARRAY(config.mac, sent + 22, 6);
  // Who asks for somebody else is not.
  question[41] = 16;
  arrive(question, sizeof question);
  receive();
  TEST_ASSERT_EQUAL_UINT32(1, frames);
}

static void the_peer_is_asked_again_after_a_minute_and_used_meanwhile(void) {
  find_peer();
  TEST_ASSERT_TRUE(net_send(&net, payload, 1, 60999));
  TEST_ASSERT_EQUAL_UINT32(1, frames);
  TEST_ASSERT_TRUE(net_send(&net, payload, 1, 61000));
  TEST_ASSERT_EQUAL_UINT32(3, frames);
}

static void a_controller_that_is_busy_is_told(void) {
  find_peer();
  is_busy = true;
  TEST_ASSERT_FALSE(net_send(&net, payload, 1, 1000));
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(the_peer_is_asked_for_before_anything_is_sent);
  RUN_TEST(a_datagram_has_right_checksums_and_lengths);
  RUN_TEST(a_datagram_from_the_peer_is_received);
  RUN_TEST(padding_of_a_short_frame_is_no_payload);
  RUN_TEST(a_damaged_datagram_is_dropped_and_the_next_one_received);
  RUN_TEST(a_datagram_without_a_checksum_is_taken);
  RUN_TEST(a_cut_frame_is_dropped);
  RUN_TEST(what_does_not_fit_is_dropped);
  RUN_TEST(who_asks_for_us_is_answered);
  RUN_TEST(the_peer_is_asked_again_after_a_minute_and_used_meanwhile);
  RUN_TEST(a_controller_that_is_busy_is_told);
  return UNITY_END();
}
