// The views of the pipelines as JSON: what GET /v1/views answers.
//
//   /v1/views              {"views":[{"name":"latest","rows":2}]}
//   /v1/views/latest       {"view":"latest","complete":true,"rows":[{"key":"p7","time":"...",
//                           "columns":{"t":21.5}}, ...]}          sorted by key
//   /v1/views/latest/p7    {"key":"p7","time":"...","columns":{"t":21.5}}
//
// Rows are read page by page between beats, so that the engine never stops for a large table: each
// is as it was at some moment of the answer. An answer has up to 16 MiB of rows, counted
// with what each costs beside its text; "complete" is false when there were more. A key that is no
// text is written as JSON: /v1/views/latest/17.
#pragma once

#include <functional>
#include <string_view>

#include "core/result.h"
#include "gateway/admin/http_server.h"
#include "gateway/engine_desk.h"

namespace sluice {

inline constexpr std::string_view views_path = "/v1/views";

// Has a look at the graph; see EngineDesk::ask().
using LookAtGraph = std::function<Result<void>(const EngineDesk::Look& look)>;

// The answer to GET `path`, which begins with views_path: 200, 404, or 503 when the engine is busy.
AdminResponse answer_views(std::string_view path, const LookAtGraph& look_at_graph);

}  // namespace sluice
