#include "firmware-sim/node/senml.h"

#include <string.h>

static bool has_unit(const NodeSenmlRecord* record) {
  return record->unit != NULL && record->unit[0] != '\0';
}

// --- JSON ---

static void put_json_record(NodeWriter* writer, const NodeSenmlRecord* record, uint32_t index) {
  node_put_text(writer, index == 0 ? "[{" : ",{");
  if (record->base_name != NULL) {
    node_put_text(writer, "\"bn\":\"");
    node_put_text(writer, record->base_name);
    node_put_text(writer, "/\",");
  }
  if (record->base_time_ms != 0) {
    node_put_text(writer, "\"bt\":");
    node_put_thousandths(writer, record->base_time_ms);
    node_put_byte(writer, ',');
  }
  node_put_text(writer, "\"n\":\"");
  node_put_text(writer, record->name);
  if (has_unit(record)) {
    node_put_text(writer, "\",\"u\":\"");
    node_put_text(writer, record->unit);
  }
  if (record->text != NULL) {
    node_put_text(writer, "\",\"vs\":\"");
    node_put_text(writer, record->text);
    node_put_byte(writer, '"');
  } else if (record->is_truth) {
    node_put_text(writer, "\",\"vb\":true");
  } else {
    node_put_text(writer, "\",\"v\":");
    node_put_thousandths(writer, record->thousandths);
  }
  if (record->time_ms != 0) {
    node_put_text(writer, ",\"t\":");
    node_put_thousandths(writer, record->time_ms);
  }
  node_put_byte(writer, '}');
}

void node_write_senml_json(NodeWriter* writer, const NodePantry* pantry, const NodeReport* report) {
  node_senml_records(pantry, report, put_json_record, writer);
  node_put_byte(writer, ']');
}

// --- CBOR (RFC 8949), labels of RFC 8428 table 4 ---

enum { major_unsigned = 0, major_negative = 1, major_text = 3, major_array = 4, major_map = 5 };
enum {
  label_base_name = -2,
  label_base_time = -3,
  label_name = 0,
  label_unit = 1,
  label_value = 2,
  label_text = 3,
  label_truth = 4,
  label_time = 6
};

static void put_head(NodeWriter* writer, unsigned major, uint64_t number) {
  unsigned size = 0;  // of what follows, as a power of two; 0 bytes when it fits the first
  uint8_t low = (uint8_t)number;
  if (number >= 24) {
    low = 24;
    for (size = 1; size < 8 && number >> (8 * size) != 0; size *= 2) ++low;
  }
  node_put_byte(writer, (uint8_t)(major << 5 | low));
  for (unsigned i = size; i > 0; --i) node_put_byte(writer, (uint8_t)(number >> (8 * (i - 1))));
}

static void put_integer(NodeWriter* writer, int64_t number) {
  if (number < 0) {
    put_head(writer, major_negative, ~(uint64_t)number);
  } else {
    put_head(writer, major_unsigned, (uint64_t)number);
  }
}

static void put_number(NodeWriter* writer, int64_t thousandths) {
  if (thousandths % 1000 == 0) {
    put_integer(writer, thousandths / 1000);
    return;
  }
  enum { tag_decimal_fraction = 0xC4 };
  node_put_byte(writer, tag_decimal_fraction);
  put_head(writer, major_array, 2);
  put_integer(writer, -3);
  put_integer(writer, thousandths);
}

static void put_cbor_text(NodeWriter* writer, const char* text) {
  put_head(writer, major_text, strlen(text));
  node_put_text(writer, text);
}

static void put_cbor_record(NodeWriter* writer, const NodeSenmlRecord* record, uint32_t index) {
  (void)index;
  enum { simple_true = 0xF5 };
  const unsigned members = 2U + (record->base_name != NULL) + (record->base_time_ms != 0) +
                           has_unit(record) + (record->time_ms != 0);
  put_head(writer, major_map, members);
  if (record->base_name != NULL) {
    put_integer(writer, label_base_name);
    put_head(writer, major_text, strlen(record->base_name) + 1);
    node_put_text(writer, record->base_name);
    node_put_byte(writer, '/');
  }
  if (record->base_time_ms != 0) {
    put_integer(writer, label_base_time);
    put_number(writer, record->base_time_ms);
  }
  put_integer(writer, label_name);
  put_cbor_text(writer, record->name);
  if (has_unit(record)) {
    put_integer(writer, label_unit);
    put_cbor_text(writer, record->unit);
  }
  if (record->text != NULL) {
    put_integer(writer, label_text);
    put_cbor_text(writer, record->text);
  } else if (record->is_truth) {
    put_integer(writer, label_truth);
    node_put_byte(writer, simple_true);
  } else {
    put_integer(writer, label_value);
    put_number(writer, record->thousandths);
  }
  if (record->time_ms != 0) {
    put_integer(writer, label_time);
    put_number(writer, record->time_ms);
  }
}

void node_write_senml_cbor(NodeWriter* writer, const NodePantry* pantry, const NodeReport* report) {
  put_head(writer, major_array, node_senml_records(pantry, report, NULL, NULL));
  node_senml_records(pantry, report, put_cbor_record, writer);
}
