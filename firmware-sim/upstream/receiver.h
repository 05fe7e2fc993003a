// Receiver: what the upstream does with a request, without sockets.
//
//   POST /control   a control text (behaviour.h)           -> 204
//   GET  /stats     the statistics as JSON                 -> 200
//   POST anything   a batch: into the ledger               -> 204, or as the behaviour says
//
// A batch is in the ledger exactly when the answer is (or would be, if it were not cut) 2xx.
// Repeats are kept: it is the account that drops them.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "core/result.h"
#include "firmware-sim/upstream/batch.h"
#include "firmware-sim/upstream/behaviour.h"
#include "firmware-sim/upstream/http_message.h"
#include "firmware-sim/upstream/statistics.h"

namespace sluice::sim {

class Receiver {
 public:
  Receiver(const Behaviour& behaviour, std::uint64_t seed) : behaviour_(behaviour), seed_(seed) {}

  // Appends to the ledger.   try_later  the file cannot be written
  Result<void> open_ledger(const std::string& path);

  HttpAnswer answer(const HttpRequest& request, std::int64_t now_ms);
  // A batch that came another way (MQTT): kept and counted.   bad_input  as read_batch
  Result<void> take_batch(std::string_view body, std::string_view encoding, std::string_view id,
                          std::int64_t now_ms);

  // From now on, until told otherwise.
  void set_mode(Behaviour::Mode mode);
  // Ends a mode that was to last for a while.
  void tick(std::int64_t now_ms);
  Behaviour::Mode mode() const { return behaviour_.mode; }
  const Statistics& statistics() const { return statistics_; }

 private:
  HttpAnswer answer_control(const HttpRequest& request, std::int64_t now_ms);
  HttpAnswer answer_batch(const HttpRequest& request, std::int64_t now_ms);
  HttpAnswer refused(int status, std::string body);
  void keep(Batch batch, std::size_t wire_bytes, std::string_view id, std::int64_t now_ms);

  Behaviour behaviour_;
  std::int64_t mode_until_ms_ = 0;  // 0: until told otherwise
  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
  std::ofstream ledger_;
  Statistics statistics_;
};

}  // namespace sluice::sim
