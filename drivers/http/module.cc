#include "drivers/http/module.h"

#include "drivers/http/http_sink.h"

SLUICE_MODULE const sluice::HttpModule sluice_module;
const sluice::HttpModule sluice_module = {
    {SLUICE_VERSION}, [](const sluice::HttpSinkConfig& config) -> std::unique_ptr<sluice::Sink> {
      return std::make_unique<sluice::HttpSink>(config);
    }};
