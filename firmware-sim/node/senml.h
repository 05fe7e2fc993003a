// A report as a SenML pack (RFC 8428), in JSON and in CBOR. report.h has the shape.
#pragma once

#include "firmware-sim/node/report.h"

#ifdef __cplusplus
extern "C" {
#endif

void node_write_senml_json(NodeWriter* writer, const NodePantry* pantry, const NodeReport* report);
// Numbers that are not whole are decimal fractions (tag 4), so that no device needs floating point.
void node_write_senml_cbor(NodeWriter* writer, const NodePantry* pantry, const NodeReport* report);

#ifdef __cplusplus
}
#endif
