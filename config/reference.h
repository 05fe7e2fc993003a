// The page that lists every option: config/reference.md.
#pragma once

#include <span>
#include <string>

#include "config/described.h"

namespace sluice {

// Markdown: a chapter per kind, a table of options per component, in the order given.
std::string render_reference(std::span<const ComponentDescription> components);

}  // namespace sluice
