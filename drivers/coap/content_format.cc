#include "drivers/coap/content_format.h"

namespace sluice {

const std::string_view content_formats_taken = "0 42 50 60 110 112";

std::optional<std::string_view> media_type_of(unsigned content_format) {
  switch (content_format) {
    case 0:
      return "text/plain;charset=utf-8";
    case 42:
      return "application/octet-stream";
    case 50:
      return "application/json";
    case 60:
      return "application/cbor";
    case 110:
      return "application/senml+json";
    case 112:
      return "application/senml+cbor";
    default:
      return std::nullopt;
  }
}

}  // namespace sluice
