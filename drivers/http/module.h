// What the module `http` exports: all that needs libcurl.
#pragma once

#include <memory>

#include "core/module.h"
#include "drivers/http/http_sink_config.h"
#include "drivers/sink.h"

namespace sluice {

struct HttpModule {
  static constexpr const char* name = "http";
  ModuleHeader header;
  std::unique_ptr<Sink> (*make_sink)(const HttpSinkConfig& config);
};

}  // namespace sluice
