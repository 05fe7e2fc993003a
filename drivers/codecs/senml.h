// SenML in (RFC 8428): a pack in JSON, or in CBOR when the content type says so -> events of
// resolved records.
#pragma once

#include "drivers/codecs/decoder.h"
#include "drivers/codecs/senml_pack.h"

namespace sluice {

enum class SenmlEvents : unsigned char {
  per_record,  // an event for each record: subject = its name, time = its time, data = the record
  per_pack,    // one event: subject = the common base name if all records begin with it, time =
               // the latest record's, data = the list of resolved records
};

struct SenmlOptions {
  SenmlEvents events = SenmlEvents::per_record;
  SenmlNames names = SenmlNames::rfc8428;
};

// Its events have no payload: a record of a pack means little without the base fields before it and
// the moment it was received, so the resolved record is the truth. `data` is therefore always set.
class SenmlDecoder final : public Decoder {
 public:
  explicit SenmlDecoder(SenmlOptions options = {}) : options_(options) {}

  Result<void> decode(const Message& message, bool needs_data, Arena& arena,
                      std::vector<Event>& out) override;
  bool brings_time() const override { return true; }
  // No event of this decoder has a payload to be parsed again: bad_input.
  Result<Value> parse(std::string_view payload, Arena& arena) override;

 private:
  SenmlOptions options_;
};

}  // namespace sluice
