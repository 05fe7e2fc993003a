// HttpSink: posts batches over HTTP/1.1 keep-alive connections (libcurl).
//
//   2xx                       delivered
//   408, 429, 5xx, network    retry (Retry-After is passed on)
//   any other status          rejected: upstream will never take this batch
//
// Each request carries Idempotency-Key: <batch id>, the same for all retries of the batch.
#pragma once

#include <memory>
#include <vector>

#include "drivers/http/http_sink_config.h"
#include "drivers/sink.h"

namespace sluice {

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
