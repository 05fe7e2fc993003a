// Health: whether a running gateway is fit for service, asked by `sluice healthcheck`; an update is
// kept only when it is. That its upstream cannot be reached is none of it: a box starts offline.
//
//   engine         turns its loop
//   configuration  the one on the disk is in force
//   listeners      every source listens, or is connected
//   store          takes a commit, now
//   pipelines      a synthetic event passes one and reaches a sink that discards it; and each
//   source
//                  of the configuration in force takes one, on a copy of its pipelines
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "gateway/gateway.h"
#include "storage/epochs.h"

namespace sluice {

struct HealthCheck {
  std::string name;
  bool is_good = false;
  std::string detail;  // one line: what was seen, or what is wrong
};

// What can be seen of the gateway itself: all but `pipelines`.
std::vector<HealthCheck> check_gateway(Gateway& gateway, Duration engine_limit);

// A configuration in force.
struct ConfigurationInForce {
  std::string text;
  std::string name;
  std::vector<EpochFile> files;
};
// Takes as long as its pipelines do for some messages. Nothing of the gateway is touched.
HealthCheck check_pipelines(const ConfigurationInForce& configuration);

// {"healthy":true,"checks":[{"name":"engine","good":true,"detail":"..."}]}
std::string health_json(const std::vector<HealthCheck>& checks);

}  // namespace sluice
