// What the module `mqtt-sink` exports: all that needs Eclipse Paho.
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/module.h"
#include "drivers/mqtt/sink/mqtt_sink_config.h"
#include "drivers/sink.h"

namespace sluice {

struct MqttSinkModule {
  static constexpr const char* name = "mqtt-sink";
  ModuleHeader header;
  std::unique_ptr<Sink> (*make_sink)(const MqttSinkConfig& config, const Clock& clock);
};

}  // namespace sluice
