// What the module `coap` exports: all that needs libcoap.
#pragma once

#include <memory>

#include "core/module.h"
#include "drivers/coap/config.h"
#include "drivers/source.h"

namespace sluice {

struct CoapModule {
  static constexpr const char* name = "coap";
  ModuleHeader header;
  std::unique_ptr<Source> (*make_source)(const CoapSourceConfig& config,
                                         const SourceContext& context);
};

}  // namespace sluice
