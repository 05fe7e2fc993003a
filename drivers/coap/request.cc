#include "drivers/coap/request.h"

#include <algorithm>

#include "core/value.h"
#include "drivers/coap/content_format.h"
#include "drivers/coap/path_pattern.h"

namespace sluice {
namespace {

constexpr std::size_t max_path_bytes = 512;
constexpr std::size_t max_queries = 16;

constexpr Refusal bad_option(std::string_view diagnostic) {
  return {RefusalReason::options, COAP_RESPONSE_CODE_BAD_OPTION, diagnostic};
}
constexpr Refusal bad_request(std::string_view diagnostic) {
  return {RefusalReason::options, COAP_RESPONSE_CODE_BAD_REQUEST, diagnostic};
}

// FNV-1a: a peer can only deceive itself, and only about its own requests.
class Fingerprint {
 public:
  void add(std::string_view bytes) {
    // The size first: "ab" + "c" is not "a" + "bc".
    const std::uint64_t size = bytes.size();
    for (int shift = 0; shift < 64; shift += 8) step(static_cast<unsigned char>(size >> shift));
    for (const char byte : bytes) step(static_cast<unsigned char>(byte));
  }
  std::uint64_t value() const { return hash_; }

 private:
  void step(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001B3; }
  std::uint64_t hash_ = 0xCBF29CE484222325;
};

class OptionReader {
 public:
  OptionReader(const CoapSourceConfig& config, Request& request)
      : config_(config), request_(request) {}

  // Reads one option; only the first thing that is wrong is kept.
  void read(coap_option_num_t number, std::string_view value) {
    const auto refusal = read_option(number, value);
    if (refusal && !refusal_) refusal_ = refusal;
  }
  const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  std::optional<Refusal> read_option(coap_option_num_t number, std::string_view value) {
    switch (number) {
      case COAP_OPTION_IF_MATCH:
      case COAP_OPTION_IF_NONE_MATCH:
        return bad_option("conditional requests are not supported");
      case COAP_OPTION_URI_PATH:
        return add_segment(value);
      case COAP_OPTION_URI_QUERY:
        return add_query(value);
      case COAP_OPTION_CONTENT_FORMAT:
        return read_content_format(value);
      case COAP_OPTION_BLOCK1:
        return read_block(value);
      case COAP_OPTION_SIZE1:
        return read_size(value);
      default:
        return std::nullopt;  // libcoap has refused critical ones that it does not know
    }
  }

  std::optional<Refusal> add_segment(std::string_view segment) {
    if (segment.find('/') != std::string_view::npos ||
        segment.find('\0') != std::string_view::npos || !is_utf8(segment)) {
      return bad_request("a path segment with '/', NUL or invalid UTF-8");
    }
    if (request_.path.size() + 1 + segment.size() > max_path_bytes) {
      return bad_request("the path is longer than 512 bytes");
    }
    if (has_segment_) request_.path.push_back('/');
    request_.path += segment;
    has_segment_ = true;
    return std::nullopt;
  }

  std::optional<Refusal> add_query(std::string_view query) {
    if (request_.queries.size() == max_queries) return bad_request("more than 16 queries");
    if (!is_utf8(query)) return bad_request("a query with invalid UTF-8");
    const std::size_t equals = std::min(query.find('='), query.size());
    request_.queries.push_back(
        {query.substr(0, equals), query.substr(std::min(equals + 1, query.size()))});
    return std::nullopt;
  }

  std::optional<Refusal> read_content_format(std::string_view value) {
    const auto media_type = media_type_of(number_of(value));
    if (!media_type) {
      return Refusal{RefusalReason::content_format, COAP_RESPONSE_CODE_UNSUPPORTED_CONTENT_FORMAT,
                     "send content format 0, 42, 50, 60, 110 or 112"};
    }
    request_.content_type = *media_type;
    return std::nullopt;
  }

  std::optional<Refusal> read_block(std::string_view value) {
    constexpr std::uint32_t reserved_size = 7;
    const std::uint32_t number = number_of(value);
    if (value.size() > 3) return bad_option("a Block1 option of more than 3 bytes");
    if ((number & 7) == reserved_size) return bad_request("a reserved block size");
    request_.block1 = number;
    request_.block = {number >> 4, (number & 8) != 0, static_cast<std::uint8_t>(number & 7)};
    return std::nullopt;
  }

  std::optional<Refusal> read_size(std::string_view value) const {
    if (number_of(value) <= config_.max_body_bytes) return std::nullopt;
    return Refusal{RefusalReason::size, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
                   "the body is larger than this gateway takes"};
  }

  // An option of more than four bytes is no number that we know: it becomes the largest.
  static std::uint32_t number_of(std::string_view value) {
    if (value.size() > 4) return UINT32_MAX;
    std::uint32_t number = 0;
    for (const char byte : value) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
  }

  const CoapSourceConfig& config_;
  Request& request_;
  bool has_segment_ = false;
  std::optional<Refusal> refusal_;
};

std::string_view option_bytes(const coap_opt_t* option) {
  return {reinterpret_cast<const char*>(coap_opt_value(option)), coap_opt_length(option)};
}

std::optional<Refusal> check_target(const coap_pdu_t& pdu, const CoapSourceConfig& config,
                                    const Request& request) {
  const bool is_taken = std::ranges::any_of(config.resources, [&](const std::string& pattern) {
    return matches_path(pattern, request.path);
  });
  if (!is_taken) {
    return Refusal{RefusalReason::resource, COAP_RESPONSE_CODE_NOT_FOUND,
                   "no source takes this path"};
  }
  const coap_pdu_code_t method = coap_pdu_get_code(&pdu);
  if (method != COAP_REQUEST_CODE_POST && method != COAP_REQUEST_CODE_PUT) {
    return Refusal{RefusalReason::method, COAP_RESPONSE_CODE_NOT_ALLOWED, "send POST or PUT"};
  }
  return std::nullopt;
}

}  // namespace

std::string_view reason_name(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::method:
      return "method";
    case RefusalReason::resource:
      return "resource";
    case RefusalReason::content_format:
      return "content_format";
    case RefusalReason::options:
      return "options";
    case RefusalReason::size:
      return "size";
    case RefusalReason::block:
      return "block";
    case RefusalReason::backpressure:
      return "backpressure";
  }
  return "?";
}

std::string_view remedy_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::method:
      return "the device must send with POST or PUT";
    case RefusalReason::resource:
      return "add the path to 'resources', or correct it in the device";
    case RefusalReason::content_format:
      return "the device must name the format that it sends, or none";
    case RefusalReason::options:
    case RefusalReason::block:
      return "the device's CoAP library does not do what RFC 7252 and RFC 7959 ask for";
    case RefusalReason::size:
      return "raise 'max_body', or let the device send less at a time";
    case RefusalReason::backpressure:
      return "the device keeps it and comes again; why the gateway is full: sluice status";
  }
  return "?";
}

std::optional<Refusal> read_request(const coap_pdu_t& pdu, const CoapSourceConfig& config,
                                    Request& request) {
  request.message_id = static_cast<std::uint16_t>(coap_pdu_get_mid(&pdu));
  request.is_confirmable = coap_pdu_get_type(&pdu) == COAP_MESSAGE_CON;
  const coap_bin_const_t token = coap_pdu_get_token(&pdu);
  request.token = {reinterpret_cast<const char*>(token.s), token.length};
  std::size_t size = 0;
  const std::uint8_t* data = nullptr;
  if (coap_get_data(&pdu, &size, &data) != 0) {
    request.payload = {reinterpret_cast<const char*>(data), size};
  }

  Fingerprint fingerprint;
  const char code = static_cast<char>(coap_pdu_get_code(&pdu));
  fingerprint.add({&code, 1});
  fingerprint.add(request.token);
  fingerprint.add(request.payload);
  OptionReader reader(config, request);
  coap_opt_iterator_t options;
  coap_option_iterator_init(&pdu, &options, COAP_OPT_ALL);
  while (const coap_opt_t* option = coap_option_next(&options)) {
    const std::string_view value = option_bytes(option);
    const char number[] = {static_cast<char>(options.number >> 8),
                           static_cast<char>(options.number & 0xFF)};
    fingerprint.add({number, sizeof number});
    fingerprint.add(value);
    reader.read(options.number, value);
  }
  request.fingerprint = fingerprint.value();
  if (const auto refusal = check_target(pdu, config, request)) return refusal;
  if (reader.refusal()) return reader.refusal();
  if (request.payload.size() > config.max_body_bytes) {
    return Refusal{RefusalReason::size, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
                   "the body is larger than this gateway takes"};
  }
  return std::nullopt;
}

}  // namespace sluice
