// Files as wholes: small ones are read at once, and replaced so that a power cut leaves the old one
// or the new one.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

inline constexpr std::size_t max_file_bytes = std::size_t{64} << 20;

//   bad_input  it cannot be read, or is larger than max_file_bytes
Result<std::string> read_file(const std::filesystem::path& path);

// Writes beside it, syncs, and renames; the mode holds from the first byte on, and the
// owner of the old file stays.
//   no_space   anything that kept it from being written
Result<void> replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

// "what: reason" with errno's text.
Error system_error(ErrorKind kind, const std::string& what);

}  // namespace sluice
