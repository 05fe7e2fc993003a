#include "firmware-sim/node/node.h"

#include <string.h>

#include "firmware-sim/node/node_link.h"

enum { first_backoff_ms = 2000, max_backoff_ms = 300000, max_backoff_doublings = 8 };

static bool is_config(const NodeConfig* config) {
  if (!node_is_plain_name(config->name, strlen(config->name), node_max_name)) return false;
  if (!node_is_plain_name(config->version, strlen(config->version), node_version_room - 1)) {
    return false;
  }
  const size_t path = strlen(config->path);
  if (path == 0 || path > node_max_path || config->batch == 0) return false;
  if (config->interval_ms < node_min_interval_ms || config->interval_ms > node_max_interval_ms) {
    return false;
  }
  if (config->channel_count == 0 || config->channel_count > node_max_channels) return false;
  for (uint8_t i = 0; i < config->channel_count; ++i) {
    const NodeChannel* const channel = &config->channels[i];
    if (!node_is_plain_name(channel->name, strlen(channel->name), 16)) return false;
    if (strlen(channel->unit) > 8 || strpbrk(channel->unit, "\"\\") != NULL) return false;
  }
  return true;
}

uint64_t node_clock_ms(const Node* node) {
  return node->port->now_ms(node->port->context) + node->clock_offset_ms;
}

static uint32_t draw(const Node* node) { return node->port->random(node->port->context); }

uint32_t node_interval_ms(const Node* node) {
  return node->saved.interval_ms != 0 ? node->saved.interval_ms : node->config->interval_ms;
}

// A boot's number is never given twice. One that cannot be kept is drawn, from the upper half,
// where no counter gets.
static void count_boot(Node* node) {
  const NodeLoaded loaded = node_saved_load(node->port, &node->saved);
  // Nobody boots on an empty battery: it is new.
  if (node->saved.battery_nc == 0) {
    node->saved.battery_nc = node_battery_full_nc(&node->config->battery);
  }
  if (loaded == node_loaded_damaged) node->saved.boot = draw(node) | 0x80000000U;
  ++node->saved.boot;
  if (!node_saved_save(node->port, &node->saved)) node->saved.boot = draw(node) | 0x80000000U;
}

NodeStarted node_start(Node* node, const NodeConfig* config, const NodePort* port,
                       void* ring_memory, size_t ring_bytes) {
  memset(node, 0, sizeof *node);
  if (!is_config(config)) return node_bad_config;
  node->config = config;
  node->port = port;
  bool was_kept = false;
  uint64_t clock_ms = 0;
  if (!node_ring_open(&node->ring, ring_memory, ring_bytes, config->channel_count, &was_kept,
                      &clock_ms)) {
    return node_ring_too_small;
  }
  count_boot(node);
  node->is_cold = !was_kept && node->saved.boot != 1;
  node->clock_offset_ms = clock_ms - port->now_ms(port->context);
  node->drawn_until_ms = clock_ms;
  // Devices that are switched on together do not measure together.
  node->next_reading_ms = clock_ms + draw(node) % node_interval_ms(node);
  node->batch = config->format == node_plain_json ? 1 : config->batch;
  node->token = draw(node);
  node->message_id = (uint16_t)draw(node);
  node_mqtt_start(&node->mqtt, config->keep_alive_s, (uint16_t)draw(node));
  return node_started;
}

// --- the battery ---

static void draw_charge(Node* node, uint64_t nc) {
  if (node->config->battery.capacity_uah == 0) return;
  const NodeBatteryModel* const model = &node->config->battery;
  const uint8_t before = node_battery_percent(model, node->saved.battery_nc);
  node_battery_draw(&node->saved.battery_nc, nc);
  if (node_battery_percent(model, node->saved.battery_nc) != before) {
    node_saved_save(node->port, &node->saved);
  }
}

static bool is_empty(const Node* node) {
  return node->config->battery.capacity_uah != 0 && node->saved.battery_nc == 0;
}

NodeSent node_transmit(Node* node, const uint8_t* bytes, size_t size) {
  const NodeSent sent = node->port->send(node->port->context, bytes, size);
  if (sent == node_sent) draw_charge(node, size * (uint64_t)node->config->battery.send_nc_per_byte);
  return sent;
}

int32_t node_take_in(Node* node, uint8_t* bytes, size_t room) {
  const int32_t size = node->port->receive(node->port->context, bytes, room);
  if (size > 0) {
    draw_charge(node, (uint64_t)size * node->config->battery.receive_nc_per_byte);
  }
  return size;
}

// --- readings ---

bool node_is_due(const Node* node) {
  return !is_empty(node) && node_clock_ms(node) >= node->next_reading_ms;
}

static bool is_within_deadband(const Node* node, const int32_t* values, uint64_t now_ms) {
  const NodeConfig* const config = node->config;
  if (config->deadbands == NULL || !node->has_kept) return false;
  if (config->max_silence_ms != 0 && now_ms - node->last_kept_ms >= config->max_silence_ms) {
    return false;
  }
  for (uint8_t i = 0; i < config->channel_count; ++i) {
    const int64_t difference = (int64_t)values[i] - node->last_kept[i];
    if ((uint64_t)(difference < 0 ? -difference : difference) >= config->deadbands[i]) return false;
  }
  return true;
}

void node_take(Node* node, const int32_t* values) {
  if (is_empty(node)) return;
  const uint64_t now_ms = node_clock_ms(node);
  // A device that slept too long takes up its rhythm again, without making up for the past.
  node->next_reading_ms += node_interval_ms(node);
  if (node->next_reading_ms <= now_ms) node->next_reading_ms = now_ms + node_interval_ms(node);
  draw_charge(node, node->config->battery.reading_nc);
  ++node->counters.taken;
  if (is_within_deadband(node, values, now_ms)) {
    ++node->counters.suppressed;
    return;
  }
  NodeReading reading;
  memset(&reading, 0, sizeof reading);
  reading.clock_ms = now_ms;
  reading.boot = node->saved.boot;
  const size_t size = node->config->channel_count * sizeof *values;
  memcpy(reading.values, values, size);
  // One that found no room tells nobody its value: the next is compared with the last that did.
  if (!node_ring_push(&node->ring, &reading)) return;
  memcpy(node->last_kept, values, size);
  node->last_kept_ms = now_ms;
  node->has_kept = true;
}

// --- reports ---

void node_write(const Node* node, NodeWriter* writer) {
  const NodePantry pantry = {
      node->config->name,
      node->saved.version[0] != '\0' ? node->saved.version : node->config->version,
      node->config->channels, &node->ring};
  node_write_report(writer, node->config->format, &pantry, &node->report);
}

bool node_make_report(Node* node) {
  const uint64_t now_ms = node_clock_ms(node);
  if (node->ring.count == 0 || now_ms < node->resume_ms) return false;
  NodeReport* const report = &node->report;
  report->made_ms = now_ms;
  report->unix_0_ms = node->unix_0_ms;
  report->dropped = node->ring.dropped != node->dropped_told ? node->ring.dropped : 0;
  report->battery = node_battery_percent(&node->config->battery, node->saved.battery_nc);
  report->is_first = !node->has_told_boot;
  report->is_cold = node->is_cold;
  report->readings = node->ring.count < node->batch ? (uint16_t)node->ring.count : node->batch;
  ++node->counters.messages;
  return true;
}

void node_report_acknowledged(Node* node) {
  node->counters.acknowledged += node->report.readings;
  node_ring_pop(&node->ring, node->report.readings, node_clock_ms(node));
  if (node->report.dropped != 0) node->dropped_told = node->report.dropped;
  node->has_told_boot = true;
  node->backoff = 0;
}

void node_fall_back(Node* node, uint32_t least_ms) {
  uint32_t most_ms = (uint32_t)first_backoff_ms << node->backoff;
  if (most_ms > max_backoff_ms) most_ms = max_backoff_ms;
  if (node->backoff < max_backoff_doublings) ++node->backoff;
  // Devices that failed together do not come back together.
  const uint32_t wait_ms = most_ms / 2 + draw(node) % (most_ms / 2 + 1);
  node->resume_ms = node_clock_ms(node) + (uint64_t)least_ms + wait_ms;
  ++node->counters.failures;
}

void node_obey(Node* node, const NodeCommand* command) {
  ++node->counters.commands;
  switch (command->kind) {
    case node_command_interval:
      node->saved.interval_ms = command->interval_ms;
      node->next_reading_ms = node_clock_ms(node) + command->interval_ms;
      break;
    case node_command_version:
      memcpy(node->saved.version, command->version, node_version_room);
      break;
    case node_command_reboot:
      node->must_restart = true;
      break;
    default:
      return;
  }
  node_saved_save(node->port, &node->saved);
}

NodeVerdict node_poll(Node* node) {
  const uint64_t now_ms = node_clock_ms(node);
  draw_charge(node, (now_ms - node->drawn_until_ms) * node->config->battery.sleep_ua);
  node->drawn_until_ms = now_ms;
  if (is_empty(node)) return node_is_empty;
  if (node->must_restart) return node_restarts;
  if (node->config->protocol == node_over_coap) {
    node_coap_poll(node);
  } else {
    node_mqtt_poll(node);
  }
  return node->must_restart ? node_restarts : node_runs;
}

bool node_is_connected(const Node* node) { return node->mqtt.state != node_mqtt_closed; }

uint64_t node_next_reading_ms(const Node* node) {
  return node->next_reading_ms - node->clock_offset_ms;
}

void node_plan_reading(Node* node, uint64_t at_ms) {
  node->next_reading_ms = at_ms + node->clock_offset_ms;
}

void node_set_time(Node* node, uint64_t unix_ms) {
  const uint64_t now_ms = node_clock_ms(node);
  // Before its own clock's start there is no time that it could have.
  if (unix_ms > now_ms) node->unix_0_ms = unix_ms - now_ms;
}

uint64_t node_wake_ms(const Node* node) {
  const uint64_t link =
      node->config->protocol == node_over_coap ? node_coap_due_ms(node) : node_mqtt_wake_ms(node);
  const uint64_t due = link < node->next_reading_ms ? link : node->next_reading_ms;
  return due - node->clock_offset_ms;
}
