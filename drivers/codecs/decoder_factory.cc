#include "drivers/codecs/decoder_factory.h"

#include "drivers/codecs/cbor.h"
#include "drivers/codecs/json.h"
#include "drivers/codecs/senml.h"
#include "drivers/codecs/text.h"

namespace sluice {
namespace {

// True for the second name, false for the first.
Result<bool> choose(std::string_view option, std::string_view value, std::string_view first,
                    std::string_view second) {
  if (value == first) return false;
  if (value == second) return true;
  return Error{ErrorKind::bad_config, std::string(option) + ": \"" + std::string(value) +
                                          "\" is neither \"" + std::string(first) + "\" nor \"" +
                                          std::string(second) + "\""};
}

using DecoderPointer = std::unique_ptr<Decoder>;

}  // namespace

Result<DecoderPointer> make_decoder(std::string_view type, const DecoderOptions& options) {
  if (type == "json") {
    JsonOptions json;
    json.split_array = TRY(choose("array", options.array, "whole", "split"));
    return DecoderPointer(std::make_unique<JsonDecoder>(json));
  }
  if (type == "senml") {
    SenmlOptions senml;
    if (TRY(choose("senml_events", options.senml_events, "record", "pack"))) {
      senml.events = SenmlEvents::per_pack;
    }
    if (TRY(choose("senml_names", options.senml_names, "rfc8428", "lwm2m"))) {
      senml.names = SenmlNames::lwm2m;
    }
    return DecoderPointer(std::make_unique<SenmlDecoder>(senml));
  }
  if (type == "cbor") return DecoderPointer(std::make_unique<CborDecoder>());
  if (type == "text") return DecoderPointer(std::make_unique<TextDecoder>());
  return Error{ErrorKind::bad_config,
               "decode: \"" + std::string(type) + "\" is none of json, senml, cbor, text"};
}

}  // namespace sluice
