// A batch as a gateway sends it, taken apart: NDJSON of CloudEvents (an event a line), a
// CloudEvents batch array, or one event; plain or zstd. An event whose data is a SenML pack gives a
// record for each reading in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "firmware-sim/common/ledger.h"

namespace sluice::sim {

struct Batch {
  std::vector<ReceivedRecord> records;  // without batch and received_ms
  std::size_t body_bytes = 0;           // after decompression
};

// `encoding`: Content-Encoding, "zstd", "identity" or empty.
//   bad_input  unknown encoding, broken zstd, or a line that is no CloudEvent
Result<Batch> read_batch(std::string_view body, std::string_view encoding);

}  // namespace sluice::sim
