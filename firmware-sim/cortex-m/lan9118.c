#include "firmware-sim/cortex-m/lan9118.h"

#include <string.h>

enum {
  rx_data = 0x00,
  tx_data = 0x20,
  rx_status = 0x40,
  id_rev = 0x50,
  int_status = 0x54,
  int_enable = 0x5C,
  rx_config = 0x6C,
  tx_config = 0x70,
  hw_config = 0x74,
  rx_dp_control = 0x78,
  rx_fifo_info = 0x7C,
  tx_fifo_info = 0x80,
  mac_command = 0xA4,
  mac_data = 0xA8
};
enum { mac_control = 1, mac_address_high = 2, mac_address_low = 3 };
enum { check_sequence_bytes = 4, min_frame = 60 };

static volatile uint32_t* reg(uint32_t offset) {
  return (volatile uint32_t*)(uintptr_t)(0x40200000U + offset);
}

static void wait_for_mac(void) {
  while ((*reg(mac_command) & 0x80000000U) != 0) {
  }
}

static void write_mac(uint32_t number, uint32_t value) {
  wait_for_mac();
  *reg(mac_data) = value;
  *reg(mac_command) = 0x80000000U | number;
  wait_for_mac();
}

bool lan9118_start(const uint8_t mac[6]) {
  if (*reg(id_rev) >> 16 != 0x0118) return false;
  *reg(hw_config) = 1;  // reset
  while ((*reg(hw_config) & 1) != 0) {
  }
  *reg(hw_config) = 5U << 16 | 1U << 20;  // 5 KiB for sending, the bit that must be one
  *reg(int_enable) = 0;
  *reg(int_status) = UINT32_MAX;
  *reg(rx_config) = 0;
  write_mac(mac_address_low, (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 |
                                 (uint32_t)mac[3] << 24);
  write_mac(mac_address_high, (uint32_t)mac[4] | (uint32_t)mac[5] << 8);
  *reg(tx_config) = 2;                                   // sends
  write_mac(mac_control, 1U << 20 | 1U << 3 | 1U << 2);  // full duplex, sends, receives
  return true;
}

bool lan9118_send(const uint8_t* frame, size_t size) {
  const uint32_t bytes = size < min_frame ? min_frame : (uint32_t)size;
  const uint32_t room = *reg(tx_fifo_info) & 0xFFFF;
  if (room < bytes + 16) return false;
  *reg(tx_data) = 1U << 13 | 1U << 12 | bytes;  // first and last segment
  *reg(tx_data) = bytes;
  for (uint32_t at = 0; at < bytes; at += 4) {
    uint8_t word[4] = {0, 0, 0, 0};
    for (uint32_t i = 0; i < 4 && at + i < size; ++i) word[i] = frame[at + i];
    uint32_t value = 0;
    memcpy(&value, word, 4);
    *reg(tx_data) = value;
  }
  return true;
}

size_t lan9118_receive(uint8_t* frame, size_t room) {
  if ((*reg(rx_fifo_info) >> 16 & 0xFF) == 0) return 0;
  const uint32_t status = *reg(rx_status);
  const uint32_t bytes = status >> 16 & 0x3FFF;
  const bool is_damaged = (status & 0x8000) != 0 || bytes <= check_sequence_bytes;
  const size_t size = bytes - check_sequence_bytes;
  const bool is_taken = !is_damaged && size <= room;
  // The controller wants all of it to be read, wanted or not.
  for (uint32_t at = 0; at < bytes; at += 4) {
    const uint32_t value = *reg(rx_data);
    if (!is_taken || at >= size) continue;
    memcpy(frame + at, &value, size - at < 4 ? size - at : 4);
  }
  return is_taken ? size : 0;
}
