#include "drivers/coap/module.h"

#include "drivers/coap/coap_source.h"

SLUICE_MODULE const sluice::CoapModule sluice_module;
const sluice::CoapModule sluice_module = {
    {SLUICE_VERSION},
    [](const sluice::CoapSourceConfig& config,
       const sluice::SourceContext& context) -> std::unique_ptr<sluice::Source> {
      return std::make_unique<sluice::CoapSource>(config, context);
    }};
