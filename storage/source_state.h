// Source state: what a source must remember itself (MQTT sessions), a record per key. It changes in
// the transaction of the message that carries the change.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

void put_source_state(WriteBatch& batch, FrameCodec& codec, std::string_view source,
                      std::string_view key, std::string_view value);
void erase_source_state(WriteBatch& batch, std::string_view source, std::string_view key);

// All (key, value) of one source, sorted by key. Damaged records are counted and passed over.
Result<std::vector<std::pair<std::string, std::string>>> read_source_state(const Store& store,
                                                                           FrameCodec& codec,
                                                                           std::string_view source,
                                                                           std::uint64_t& damaged);

}  // namespace sluice
