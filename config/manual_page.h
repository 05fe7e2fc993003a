// The manual page of the configuration file: sluice.toml(5).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/described.h"

namespace sluice {

// Roff with the man macros: a section per kind, a paragraph per option, in the order given.
std::string render_manual_page(std::span<const ComponentDescription> components,
                               std::string_view version);

}  // namespace sluice
