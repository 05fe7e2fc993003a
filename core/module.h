// Modules: parts with large libraries, loaded when they are first needed. An idle box pays for what
// its configuration names.
//
//   program/bin/sluice
//   program/lib/sluice/http.so     exports one object, `sluice_module`, of the type that the
//   loading code names:
//
//   struct HttpModule {                          // drivers/http/module.h, included by both sides
//     static constexpr const char* name = "http";
//     ModuleHeader header;                       // first
//     std::unique_ptr<Sink> (*make_sink)(const HttpSinkConfig& config);
//   };
//
// A module holds its own copy of the code below it: nothing is looked up in the program.
#pragma once

#include <string>

#include "core/result.h"

// SLUICE_MODULE const Type sluice_module = {...};
#define SLUICE_MODULE extern "C" __attribute__((visibility("default")))

namespace sluice {

struct ModuleHeader {
  const char* version;  // SLUICE_VERSION; both sides must be of one build
};

namespace module_detail {
Result<const ModuleHeader*> load(const char* name);
}

// Where the module is, or should be.
std::string module_path(const char* name);

// Any thread. A module that was loaded stays.
//   try_later  it is not installed, cannot be loaded, or is of another version
template <typename Module>
Result<const Module*> load_module() {
  const ModuleHeader* header = TRY(module_detail::load(Module::name));
  // The header is the first member of what the module exports.
  return reinterpret_cast<const Module*>(header);
}

}  // namespace sluice
