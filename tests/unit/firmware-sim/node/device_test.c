// Measuring, keeping and losing: what a node does whatever its way to the gateway.
#include "tests/unit/firmware-sim/node/device.h"

void setUp(void) { device_start(node_over_coap, node_plain_json); }

static void measurements_are_due_at_the_interval(void) {
  // The first at a random part of it, here 0 of 1000: the fake's first random number is 0.
  TEST_ASSERT_TRUE(node_is_due(&node));
  device_measure(1);
  TEST_ASSERT_FALSE(node_is_due(&node));
  fake.now_ms = 1999;
  TEST_ASSERT_FALSE(node_is_due(&node));
  fake.now_ms = 2000;
  TEST_ASSERT_TRUE(node_is_due(&node));
  // After a long sleep there is one, not all that were missed.
  fake.now_ms = 10500;
  device_measure(2);
  TEST_ASSERT_FALSE(node_is_due(&node));
  fake.now_ms = 11500;
  TEST_ASSERT_TRUE(node_is_due(&node));
}

static void a_reading_may_be_planned_for_another_time(void) {
  fake.now_ms = 5000;
  device_boot();
  node_plan_reading(&node, 5700);
  TEST_ASSERT_EQUAL_UINT64(5700, node_next_reading_ms(&node));
  TEST_ASSERT_EQUAL_UINT64(5700, node_wake_ms(&node));
  fake.now_ms = 5699;
  TEST_ASSERT_FALSE(node_is_due(&node));
  fake.now_ms = 5700;
  TEST_ASSERT_TRUE(node_is_due(&node));
}

static void a_device_that_is_told_the_time_stamps_its_readings(void) {
  device_measure(1);
  node_set_time(&node, 1790000000123U);
  node_poll(&node);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"ts\":\"2026-09-21T14:13:20.123Z\""));
}

static void devices_that_start_together_do_not_measure_together(void) {
  fake.next_random = 1234;
  device_boot();
  TEST_ASSERT_EQUAL_UINT64(fake.now_ms + 234, node_wake_ms(&node));
}

static void a_reading_within_the_deadband_is_not_kept(void) {
  const uint32_t deadbands[] = {500, 1000};
  config.deadbands = deadbands;
  device_boot();
  device_measure(20000);
  device_measure(20499);
  device_measure(19501);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  TEST_ASSERT_EQUAL_UINT32(2, node.counters.suppressed);
  device_measure(20500);
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.count);
  device_measure(20000);  // compared with the last that was kept, not with the first
  TEST_ASSERT_EQUAL_UINT32(3, node.ring.count);
  const int32_t wet[] = {20000, 41000};
  node_take(&node, wet);  // any channel will do
  TEST_ASSERT_EQUAL_UINT32(4, node.ring.count);
}

static void silence_has_a_bound(void) {
  const uint32_t deadbands[] = {500, 1000};
  config.deadbands = deadbands;
  config.max_silence_ms = 5000;
  device_boot();
  device_measure(20000);
  fake.now_ms += 4999;
  device_measure(20000);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  fake.now_ms += 1;
  device_measure(20000);
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.count);
}

static void extreme_values_do_not_wrap_in_the_deadband(void) {
  const uint32_t deadbands[] = {500, 1000};
  config.deadbands = deadbands;
  device_boot();
  device_measure(INT32_MIN);
  device_measure(INT32_MAX);
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.count);
}

static void what_finds_no_room_is_counted_and_told_until_it_is_acknowledged(void) {
  for (int32_t i = 1; i <= device_places + 2; ++i) device_measure(i);
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.dropped);
  device_poll_at(2000);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"dropped\":2"));
  device_answer(node_coap_changed, NULL, 0);
  // The next one was made after that: nothing new to tell.
  TEST_ASSERT_FALSE(fake_said(&fake, "dropped"));
}

static void a_boot_is_counted(void) {
  TEST_ASSERT_EQUAL_UINT32(1, node.saved.boot);
  device_boot();
  device_boot();
  TEST_ASSERT_EQUAL_UINT32(3, node.saved.boot);
}

static void a_boot_number_that_cannot_be_saved_is_drawn_from_where_no_count_gets(void) {
  device_boot();
  fake.cannot_save = true;
  fake.next_random = 77;
  device_boot();
  TEST_ASSERT_GREATER_OR_EQUAL_UINT32(0x80000000U, node.saved.boot);
  const uint32_t boot = node.saved.boot;
  device_boot();
  TEST_ASSERT_NOT_EQUAL_UINT32(boot, node.saved.boot);
}

static void a_damaged_memory_does_not_start_the_count_again(void) {
  device_boot();
  fake.saved[5] ^= 1;
  device_boot();
  TEST_ASSERT_GREATER_THAN_UINT32(0x80000000U, node.saved.boot);
}

static void readings_of_the_life_before_are_sent_after_a_reset(void) {
  device_measure(1);
  device_measure(2);
  fake.now_ms = 0;  // the clock starts anew
  device_boot();
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.count);
  device_measure(3);
  const NodeReading old = node_ring_at(&node.ring, 0);
  const NodeReading new = node_ring_at(&node.ring, 2);
  TEST_ASSERT_EQUAL_UINT32(1, old.boot);
  TEST_ASSERT_EQUAL_UINT32(2, new.boot);
  TEST_ASSERT_EQUAL_UINT32(3, new.sequence);
  // The node's clock has gone on.
  TEST_ASSERT_GREATER_OR_EQUAL_UINT64(old.clock_ms, new.clock_ms);
}

static void a_life_that_lost_the_memory_says_so_once(void) {
  device_measure(1);
  memset(ring_memory, 0, sizeof ring_memory);
  device_boot();
  TEST_ASSERT_EQUAL_UINT32(0, node.ring.count);
  device_measure(2);
  device_measure(3);
  device_poll_at(2000);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"boot\":2,\"seq\":1"));
  TEST_ASSERT_TRUE(fake_said(&fake, "\"cold\":true"));
  device_answer(node_coap_changed, NULL, 0);
  TEST_ASSERT_FALSE(fake_said(&fake, "cold"));
}

static void a_battery_is_drawn_and_ends_the_life(void) {
  config.battery.capacity_uah = 1;  // 3,600,000 nC
  config.battery.sleep_ua = 100;    // 100,000 nC a second
  config.battery.reading_nc = 600000;
  config.battery.send_nc_per_byte = 1;
  fake_start(&fake);
  device_boot();
  TEST_ASSERT_EQUAL_UINT8(100, node_battery_percent(&config.battery, node.saved.battery_nc));
  device_measure(1);
  TEST_ASSERT_EQUAL_UINT64(3000000, node.saved.battery_nc);
  device_poll_at(11000);
  TEST_ASSERT_EQUAL_UINT64(2000000 - fake_out_size(&fake, 0), node.saved.battery_nc);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"battery\":56"));
  // A reset does not charge it.
  device_boot();
  TEST_ASSERT_LESS_THAN_UINT64(2036000, node.saved.battery_nc);
  TEST_ASSERT_EQUAL_INT(node_is_empty, device_poll_at(60000));
  TEST_ASSERT_FALSE(node_is_due(&node));
  const unsigned sent = fake.sent;
  device_measure(2);
  TEST_ASSERT_EQUAL_INT(node_is_empty, device_poll_at(70000));
  TEST_ASSERT_EQUAL_UINT32(sent, fake.sent);
  // It boots again: somebody has put a new one in.
  device_boot();
  TEST_ASSERT_EQUAL_INT(node_runs, device_poll_at(fake.now_ms));
  TEST_ASSERT_EQUAL_UINT64(3600000 - fake_out_size(&fake, 0), node.saved.battery_nc);
}

static void a_configuration_out_of_bounds_is_refused(void) {
  const NodeChannel odd[] = {{"temp\"", "Cel"}, {"humidity", "%RH"}};
  struct {
    const char* name;
    const char* path;
    const char* version;
    uint8_t channel_count;
    uint8_t batch;
    uint32_t interval_ms;
  } cases[] = {{"", "a", "1", 2, 1, 1000},        {"dev 7", "a", "1", 2, 1, 1000},
               {"-dev", "a", "1", 2, 1, 1000},    {"dev", "", "1", 2, 1, 1000},
               {"dev", "a", "1\"", 2, 1, 1000},   {"dev", "a", "1234567890123456", 2, 1, 1000},
               {"dev", "a", "1", 0, 1, 1000},     {"dev", "a", "1", 5, 1, 1000},
               {"dev", "a", "1", 2, 0, 1000},     {"dev", "a", "1", 2, 1, 9},
               {"dev", "a", "1", 2, 1, 604800001}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    config.name = cases[i].name;
    config.path = cases[i].path;
    config.version = cases[i].version;
    config.channel_count = cases[i].channel_count;
    config.batch = cases[i].batch;
    config.interval_ms = cases[i].interval_ms;
    TEST_ASSERT_EQUAL_INT(node_bad_config,
                          node_start(&node, &config, &fake.port, ring_memory, sizeof ring_memory));
  }
  device_configure(node_over_coap, node_plain_json);
  config.channels = odd;
  TEST_ASSERT_EQUAL_INT(node_bad_config,
                        node_start(&node, &config, &fake.port, ring_memory, sizeof ring_memory));
  device_configure(node_over_coap, node_plain_json);
  TEST_ASSERT_EQUAL_INT(node_ring_too_small,
                        node_start(&node, &config, &fake.port, ring_memory, 100));
}

// Every name as long as may be, every number as wide: one reading always fits a packet.
static void the_largest_report_of_one_reading_fits_a_packet(void) {
  static const NodeChannel wide[] = {{"abcdefghijklmno1", "12345678"},
                                     {"abcdefghijklmno2", "12345678"},
                                     {"abcdefghijklmno3", "12345678"},
                                     {"abcdefghijklmno4", "12345678"}};
  static uint8_t memory[2 * node_ring_head_bytes + 4 * (node_ring_record_head_bytes + 16)];
  const NodeFormat formats[] = {node_senml_json, node_senml_cbor, node_plain_json};
  const NodeProtocol protocols[] = {node_over_coap, node_over_mqtt};
  const int32_t values[] = {INT32_MIN + 1, INT32_MIN + 1, INT32_MIN + 1, INT32_MIN + 1};
  for (int i = 0; i < 6; ++i) {
    fake_start(&fake);
    memset(memory, 0, sizeof memory);
    device_configure(protocols[i / 3], formats[i % 3]);
    config.name = "abcdefghijklmnopqrstuvwxyz012345";
    config.path = "abcdefghijklmnopqrstuvwxyz012345abcdefghijklmnopqrstuvwxyz012345";
    config.version = "123456789012345";
    config.channels = wide;
    config.channel_count = 4;
    config.battery.capacity_uah = UINT32_MAX;
    fake.cannot_save = true;  // a boot number of ten digits
    TEST_ASSERT_EQUAL_INT(node_started,
                          node_start(&node, &config, &fake.port, memory, sizeof memory));
    node.ring.next_sequence = UINT32_MAX - 100;
    node.ring.dropped = UINT32_MAX;
    node.is_cold = true;
    for (int n = 0; n < 4; ++n) node_take(&node, values);
    node_poll(&node);
    if (protocols[i / 3] == node_over_mqtt) {
      const uint8_t connack[] = {0x20, 2, 0, 0};
      fake_arrive(&fake, connack, 4);
      node_poll(&node);
    }
    TEST_ASSERT_EQUAL_UINT32(protocols[i / 3] == node_over_mqtt ? 2 : 1, fake.sent);
    TEST_ASSERT_GREATER_OR_EQUAL_UINT16(1, node.report.readings);
    TEST_ASSERT_LESS_THAN_UINT32(node_packet_bytes, fake_out_size(&fake, 0));
    const uint8_t last = fake_out(&fake, 0)[fake_out_size(&fake, 0) - 1];
    if (formats[i % 3] == node_senml_json) TEST_ASSERT_EQUAL_CHAR(']', last);
    if (formats[i % 3] == node_plain_json) TEST_ASSERT_EQUAL_CHAR('}', last);
  }
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(measurements_are_due_at_the_interval);
  RUN_TEST(a_reading_may_be_planned_for_another_time);
  RUN_TEST(a_device_that_is_told_the_time_stamps_its_readings);
  RUN_TEST(devices_that_start_together_do_not_measure_together);
  RUN_TEST(a_reading_within_the_deadband_is_not_kept);
  RUN_TEST(silence_has_a_bound);
  RUN_TEST(extreme_values_do_not_wrap_in_the_deadband);
  RUN_TEST(what_finds_no_room_is_counted_and_told_until_it_is_acknowledged);
  RUN_TEST(a_boot_is_counted);
  RUN_TEST(a_boot_number_that_cannot_be_saved_is_drawn_from_where_no_count_gets);
  RUN_TEST(a_damaged_memory_does_not_start_the_count_again);
  RUN_TEST(readings_of_the_life_before_are_sent_after_a_reset);
  RUN_TEST(a_life_that_lost_the_memory_says_so_once);
  RUN_TEST(a_battery_is_drawn_and_ends_the_life);
  RUN_TEST(a_configuration_out_of_bounds_is_refused);
  RUN_TEST(the_largest_report_of_one_reading_fits_a_packet);
  return UNITY_END();
}
