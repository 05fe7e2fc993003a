#include "drivers/mqtt/sink/module.h"

#include "drivers/mqtt/sink/mqtt_sink.h"

SLUICE_MODULE const sluice::MqttSinkModule sluice_module;
const sluice::MqttSinkModule sluice_module = {
    {SLUICE_VERSION},
    [](const sluice::MqttSinkConfig& config,
       const sluice::Clock& clock) -> std::unique_ptr<sluice::Sink> {
      return std::make_unique<sluice::MqttSink>(config, clock);
    }};
