#include "firmware-sim/node/battery.h"

uint64_t node_battery_full_nc(const NodeBatteryModel* model) {
  return (uint64_t)model->capacity_uah * 3600 * 1000;
}

void node_battery_draw(uint64_t* left_nc, uint64_t nc) {
  *left_nc = nc < *left_nc ? *left_nc - nc : 0;
}

uint8_t node_battery_percent(const NodeBatteryModel* model, uint64_t left_nc) {
  if (model->capacity_uah == 0) return node_on_mains;
  const uint64_t one = node_battery_full_nc(model) / 100;
  const uint64_t percent = left_nc / one + (left_nc % one != 0 ? 1 : 0);
  return (uint8_t)(percent < 100 ? percent : 100);
}
