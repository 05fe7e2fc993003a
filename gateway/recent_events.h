// Recent events: a walk over the newest stored events, oldest first, to rebuild memories after a
// start.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/event.h"
#include "core/result.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/store.h"

namespace sluice {

// Visits the events in the last `tail_bytes` of the journal, of each lane's owned records, and the
// newest dead letters. An event may be visited twice. Damaged records are passed over.
Result<void> for_each_recent_event(const Store& store, FrameCodec& codec, std::string_view store_id,
                                   const Head& head, std::size_t tail_bytes,
                                   const std::function<void(const Event&)>& visit);

// The number of the first record under `prefix` that lies within the last `bytes`; 0: there is
// none.
Result<std::uint64_t> start_of_tail(const Store& store, const std::string& prefix,
                                    std::size_t bytes);

}  // namespace sluice
