// HTTP/1.1 messages (RFC 9112) without I/O: the bytes of one connection in, requests out.
//
// For a test upstream, not a web server: bodies by Content-Length or chunked, no trailers kept,
// header names in lower case. Bounded: 64 KiB of headers, 64 MiB of body.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice::sim {

struct HttpRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;
  bool keeps_alive = true;

  std::string_view header(std::string_view name) const;  // empty: not there
};

struct HttpAnswer {
  int status = 204;
  std::string body = {};
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds slow{0};  // from its first byte to its last
  bool is_cut = false;                // send the start of the answer, then close
};

class HttpRequestReader {
 public:
  void feed(std::string_view bytes) { input_ += bytes; }

  // The next complete request; nothing while more bytes are needed.   bad_input  not HTTP/1.1
  Result<std::optional<HttpRequest>> next();

  // True once for a request that waits for "100 Continue" before it sends its body.
  bool takes_continue();

 private:
  Result<bool> read_head();
  Result<bool> read_body();
  Result<bool> read_chunks();

  std::string input_;
  std::size_t scanned_ = 0;             // chunked: where the next chunk starts in input_
  std::optional<HttpRequest> request_;  // its head is read
  std::size_t body_bytes_ = 0;
  bool is_chunked_ = false;
  bool wants_continue_ = false;
};

}  // namespace sluice::sim
