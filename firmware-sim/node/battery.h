// NodeBattery: what a battery still holds, by counting what is drawn. Charge is in nanocoulombs (a
// microampere for a millisecond), so that integers do.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { node_on_mains = 255 };  // in place of a percentage

typedef struct NodeBatteryModel {
  uint32_t capacity_uah;      // 0: on mains, never empty
  uint32_t sleep_ua;          // all the time
  uint32_t reading_nc;        // for one measurement of all channels
  uint32_t send_nc_per_byte;  // radio
  uint32_t receive_nc_per_byte;
} NodeBatteryModel;

uint64_t node_battery_full_nc(const NodeBatteryModel* model);
// Takes `nc` from `*left_nc`, not below zero.
void node_battery_draw(uint64_t* left_nc, uint64_t nc);
// 0..100 rounded up (0 means empty), or node_on_mains.
uint8_t node_battery_percent(const NodeBatteryModel* model, uint64_t left_nc);

#ifdef __cplusplus
}
#endif
