// HttpSink: posts batches over HTTP/1.1 keep-alive connections (libcurl).
//
//   2xx                       delivered
//   408, 429, 5xx, network    retry (Retry-After is passed on)
//   any other status          rejected: upstream will never take this batch
//
// Each request carries Idempotency-Key: <batch id>, the same for all retries of the batch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "config/secret.h"
#include "core/result.h"
#include "drivers/sink.h"

namespace sluice {

template <typename T>
class Fields;

struct HttpSinkConfig {
  std::string url;
  std::map<std::string, std::string> headers;
  Secret token;
  Duration timeout = std::chrono::seconds(30);
  Duration connect_timeout = std::chrono::seconds(5);
  std::int64_t max_in_flight = 1;
  std::string ca_file;  // empty: the system's
};
void describe(Fields<HttpSinkConfig>& fields);

class HttpSink final : public Sink {
 public:
  explicit HttpSink(HttpSinkConfig config);
  ~HttpSink() override;

  std::size_t max_in_flight() const override;
  void submit(const OutgoingBatch& batch) override;
  void poll(Duration timeout, std::vector<Delivery>& done) override;
  void wake() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
