// MqttUpstream: takes batches at a broker instead of over HTTP. Subscribes with a persistent
// session at QoS 1 by Eclipse Paho, and again after each reconnect.
//
// A batch's encoding is its user property "content-encoding" (MQTT 5), or told by zstd's magic
// number; its id is the user property "idempotency-key".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "firmware-sim/common/endpoint.h"

namespace sluice::sim {

struct MqttBatch {
  std::string body;
  std::string encoding;
  std::string id;
};

class MqttUpstream {
 public:
  // Connects, and reconnects by itself from then on.   try_later  the broker is not there
  static Result<std::unique_ptr<MqttUpstream>> open(const Endpoint& broker,
                                                    const std::string& topic_filter);
  virtual ~MqttUpstream() = default;  // disconnects

  // What has arrived since the last call.
  virtual std::vector<MqttBatch> take() = 0;
};

}  // namespace sluice::sim
