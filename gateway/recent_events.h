// Recent events: a walk over the newest stored events, oldest first, to rebuild memories after a
// start.
#pragma once

#include <functional>
#include <string_view>

#include "core/event.h"
#include "core/result.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/store.h"

namespace sluice {

// Visits received events of the newest journal blocks and outbox records (bounded in number). An
// event may be visited twice. Damaged records are passed over.
Result<void> for_each_recent_event(const Store& store, FrameCodec& codec, std::string_view store_id,
                                   const Head& head,
                                   const std::function<void(const Event&)>& visit);

}  // namespace sluice
