// The two halves of an update: asking for one, and carrying it out as root.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/result.h"
#include "packaging/ota/request.h"

namespace sluice {

struct UpdatePlaces {
  std::filesystem::path folder = "/var/lib/sluice/update";
  std::filesystem::path device_id = "/etc/sluice/device-id";
};

// Copies the bundle (a file, or http(s) by curl) into the folder and writes the request beside it.
//   bad_input   it cannot be fetched, or is none by its name
//   bad_config  the request's own rules
Result<void> ask_for_update(const UpdatePlaces& places, const std::string& bundle,
                            UpdateRequest request);

// Carries out the request, if there is one: by rauc, which verifies the signature. Gives a line of
// what became of it; the same is in result.txt. A request is tried once; one that waits for its
// window stays.
//   bad_input  it was refused or failed
Result<std::string> carry_out(const UpdatePlaces& places, std::chrono::sys_seconds now);

// After an update the box starts again, from the new slot.
inline constexpr const char* installed = "installed";

}  // namespace sluice
