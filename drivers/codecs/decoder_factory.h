// Decoders by the name that the configuration gives them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "drivers/codecs/decoder.h"

namespace sluice {

// As written in the configuration; each is for one decoder and ignored by the others.
struct DecoderOptions {
  std::string array = "whole";          // json: "whole", or "split" = an event per element
  std::string senml_events = "record";  // senml: an event per "record" or per "pack"
  std::string senml_names = "rfc8428";  // senml: "rfc8428", or "lwm2m" = names may begin with '/'
};

// `type` is "json", "senml", "cbor" or "text".
//   bad_config  an unknown type or option value; the message names the known ones
Result<std::unique_ptr<Decoder>> make_decoder(std::string_view type,
                                              const DecoderOptions& options = {});

}  // namespace sluice
