// The screen of `sluice view`, from the JSON that the admin interface answers (admin/views.h).
//
//   KEY   TIME                  T     UNIT
//   hall  2026-01-01T08:00:05Z  21.5  C
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

// The list of views, the rows of one, or one row.
//   bad_input  `json` is no such answer
Result<std::string> render_view(std::string_view json);

}  // namespace sluice
