#include "firmware-sim/node/report.h"

#include <string.h>

#include "firmware-sim/node/battery.h"
#include "firmware-sim/node/senml.h"

static void put_member(NodeWriter* writer, const char* name) {
  node_put_text(writer, ",\"");
  node_put_text(writer, name);
  node_put_text(writer, "\":");
}

static void write_plain_json(NodeWriter* writer, const NodePantry* pantry,
                             const NodeReport* report) {
  const NodeReading reading = node_ring_at(pantry->ring, 0);
  node_put_text(writer, "{\"device\":\"");
  node_put_text(writer, pantry->device);
  node_put_text(writer, "\"");
  put_member(writer, "boot");
  node_put_decimal(writer, reading.boot);
  put_member(writer, "seq");
  node_put_decimal(writer, reading.sequence);
  if (report->unix_0_ms != 0) {
    put_member(writer, "ts");
    node_put_byte(writer, '"');
    node_put_time(writer, report->unix_0_ms + reading.clock_ms);
    node_put_byte(writer, '"');
  } else {
    put_member(writer, "age_ms");
    node_put_decimal(writer, report->made_ms - reading.clock_ms);
  }
  for (uint8_t i = 0; i < pantry->ring->channels; ++i) {
    put_member(writer, pantry->channels[i].name);
    node_put_thousandths(writer, reading.values[i]);
  }
  if (report->dropped != 0) {
    put_member(writer, "dropped");
    node_put_decimal(writer, report->dropped);
  }
  if (report->battery != node_on_mains) {
    put_member(writer, "battery");
    node_put_decimal(writer, report->battery);
  }
  if (report->is_first) {
    put_member(writer, "firmware");
    node_put_byte(writer, '"');
    node_put_text(writer, pantry->version);
    node_put_byte(writer, '"');
    if (report->is_cold) {
      put_member(writer, "cold");
      node_put_text(writer, "true");
    }
  }
  node_put_byte(writer, '}');
}

typedef struct Pack {
  NodeWriter* writer;
  NodeSenmlVisit visit;
  uint32_t size;
  NodeSenmlRecord first;  // base fields, for the first record
} Pack;

static void add(Pack* pack, NodeSenmlRecord record) {
  if (pack->size == 0) {
    record.base_name = pack->first.base_name;
    record.base_time_ms = pack->first.base_time_ms;
  }
  if (pack->visit != NULL) pack->visit(pack->writer, &record, pack->size);
  ++pack->size;
}

static NodeSenmlRecord number_record(const char* name, int64_t number, int64_t time_ms) {
  NodeSenmlRecord record;
  memset(&record, 0, sizeof record);
  record.name = name;
  record.thousandths = number * 1000;
  record.time_ms = time_ms;
  return record;
}

static void add_readings(Pack* pack, const NodePantry* pantry, const NodeReport* report) {
  uint64_t base_ms = report->made_ms;
  uint32_t boot = 0;
  for (uint32_t i = 0; i < report->readings; ++i) {
    const NodeReading reading = node_ring_at(pantry->ring, i);
    if (i == 0 && report->unix_0_ms != 0) {
      base_ms = reading.clock_ms;
      pack->first.base_time_ms = (int64_t)(report->unix_0_ms + base_ms);
    }
    const int64_t time_ms = (int64_t)(reading.clock_ms - base_ms);
    if (reading.boot != boot) add(pack, number_record("boot", reading.boot, time_ms));
    boot = reading.boot;
    add(pack, number_record("seq", reading.sequence, time_ms));
    for (uint8_t channel = 0; channel < pantry->ring->channels; ++channel) {
      NodeSenmlRecord record = number_record(pantry->channels[channel].name, 0, time_ms);
      record.unit = pantry->channels[channel].unit;
      record.thousandths = reading.values[channel];
      add(pack, record);
    }
  }
}

uint32_t node_senml_records(const NodePantry* pantry, const NodeReport* report,
                            NodeSenmlVisit visit, NodeWriter* writer) {
  Pack pack;
  memset(&pack, 0, sizeof pack);
  pack.writer = writer;
  pack.visit = visit;
  pack.first.base_name = pantry->device;
  add_readings(&pack, pantry, report);
  if (report->dropped != 0) add(&pack, number_record("dropped", report->dropped, 0));
  if (report->battery != node_on_mains) {
    NodeSenmlRecord record = number_record("battery", report->battery, 0);
    record.unit = "%EL";
    add(&pack, record);
  }
  if (report->is_first) {
    NodeSenmlRecord record = number_record("firmware", 0, 0);
    record.text = pantry->version;
    add(&pack, record);
    if (report->is_cold) {
      NodeSenmlRecord cold = number_record("cold", 0, 0);
      cold.is_truth = true;
      add(&pack, cold);
    }
  }
  return pack.size;
}

void node_write_report(NodeWriter* writer, NodeFormat format, const NodePantry* pantry,
                       const NodeReport* report) {
  switch (format) {
    case node_senml_json:
      node_write_senml_json(writer, pantry, report);
      break;
    case node_senml_cbor:
      node_write_senml_cbor(writer, pantry, report);
      break;
    case node_plain_json:
      write_plain_json(writer, pantry, report);
      break;
  }
}
