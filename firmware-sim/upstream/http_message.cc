#include "firmware-sim/upstream/http_message.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::sim {
namespace {

constexpr std::size_t max_head_bytes = std::size_t{64} * 1024;
constexpr std::size_t max_body_bytes = std::size_t{64} * 1024 * 1024;

Error not_http(std::string what) { return {ErrorKind::bad_input, std::move(what)}; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool read_number(std::string_view digits, int base, std::size_t& number) {
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, number, base);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

bool HttpRequestReader::takes_continue() { return std::exchange(wants_continue_, false); }

Result<std::optional<HttpRequest>> HttpRequestReader::next() {
  if (!request_ && !TRY(read_head())) return std::optional<HttpRequest>();
  const bool is_complete = is_chunked_ ? TRY(read_chunks()) : TRY(read_body());
  if (!is_complete) return std::optional<HttpRequest>();
  wants_continue_ = false;
  return std::exchange(request_, std::nullopt);
}

Result<bool> HttpRequestReader::read_head() {
  const std::size_t end = input_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (input_.size() > max_head_bytes) return not_http("headers of more than 64 KiB");
    return false;
  }
  std::string_view head = std::string_view(input_).substr(0, end + 2);
  HttpRequest request;
  const std::string_view first = head.substr(0, head.find("\r\n"));
  head.remove_prefix(first.size() + 2);
  const std::size_t method_end = first.find(' ');
  const std::size_t target_end = first.rfind(' ');
  if (method_end == std::string_view::npos || target_end <= method_end)
    return not_http("no request");
  request.method = first.substr(0, method_end);
  request.target = first.substr(method_end + 1, target_end - method_end - 1);
  const std::string_view version = first.substr(target_end + 1);
  if (!version.starts_with("HTTP/1.")) return not_http("not HTTP/1.1");

  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(line.size() + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return not_http("a header without a name");
    request.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
  }
  const std::string connection = lower(request.header("connection"));
  request.keeps_alive = version == "HTTP/1.1" ? connection != "close" : connection == "keep-alive";

  body_bytes_ = 0;
  is_chunked_ = lower(request.header("transfer-encoding")) == "chunked";
  const std::string_view length = request.header("content-length");
  if (!is_chunked_ && !length.empty() && !read_number(length, 10, body_bytes_)) {
    return not_http("Content-Length is no number");
  }
  if (body_bytes_ > max_body_bytes) return not_http("a body of more than 64 MiB");
  wants_continue_ = lower(request.header("expect")) == "100-continue";
  input_.erase(0, end + 4);
  scanned_ = 0;
  request_ = std::move(request);
  return true;
}

Result<bool> HttpRequestReader::read_body() {
  if (input_.size() < body_bytes_) return false;
  request_->body = input_.substr(0, body_bytes_);
  input_.erase(0, body_bytes_);
  return true;
}

Result<bool> HttpRequestReader::read_chunks() {
  while (true) {
    const std::size_t line_end = input_.find("\r\n", scanned_);
    if (line_end == std::string::npos) return false;
    const std::string_view line = std::string_view(input_).substr(scanned_, line_end - scanned_);
    std::size_t size = 0;
    if (!read_number(trimmed(line.substr(0, line.find(';'))), 16, size) || size > max_body_bytes) {
      return not_http("a chunk without a size");
    }
    const std::size_t data = line_end + 2;
    if (size == 0) {  // then trailers, if any, up to an empty line
      const std::size_t end =
          input_.compare(data, 2, "\r\n") == 0 ? data : input_.find("\r\n\r\n", data);
      if (end == std::string::npos || input_.size() < data + 2) return false;
      input_.erase(0, end + (end == data ? 2 : 4));
      return true;
    }
    if (input_.size() < data + size + 2) return false;
    if (input_.compare(data + size, 2, "\r\n") != 0) return not_http("a chunk without its end");
    request_->body.append(input_, data, size);
    if (request_->body.size() > max_body_bytes) return not_http("a body of more than 64 MiB");
    scanned_ = data + size + 2;
  }
}

}  // namespace sluice::sim
