// UpdateRequest: what somebody who may not install wants installed, and the rules by which root
// decides.
//
//   sluice.service (sandboxed) or a person --> /var/lib/sluice/update/request.toml
//                                                         |  sluice-update.path
//   rauc install <-- signature (rauc) <-- policy (here) <-'
//
// The file comes from a process that may have been taken over: it can name a bundle in its own
// folder, and no more. What is in the bundle, its signature decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "config/document.h"
#include "config/fields.h"
#include "core/result.h"

namespace sluice {

struct UpdateRequest {
  std::string bundle;         // a file beside the request
  std::uint32_t share = 100;  // per cent of the boxes that take it
  std::string window;         // "02:00-04:00", UTC, may go over midnight; empty: at any time
};

void describe(Fields<UpdateRequest>& fields);

//   bad_config  what is wrong, with its line
Result<UpdateRequest> read_request(Document& document);
std::string render_request(const UpdateRequest& request);

enum class Verdict : unsigned char {
  install,
  wait,        // for the window
  not_chosen,  // this box is not among the share
};

// A staged roll-out: a box's place among a hundred follows from its id and the bundle's name, so
// that a later, larger share has all boxes of the smaller one, and another bundle meets others
// first.
Verdict decide(const UpdateRequest& request, const std::string& device_id,
               std::chrono::sys_seconds now);

}  // namespace sluice
