// Quarantine: a damaged record is kept as it was found, before a trim takes it away, so that a
// person can look at it and nothing is deleted silently.
#pragma once

#include <string>

#include "core/result.h"
#include "storage/store.h"

namespace sluice {

// So many are kept; of more, only the count and the log tell.
constexpr std::size_t max_quarantined_records = 256;

// Copies the record with this key (without its part number) to 'Q' and the key. False: it is not
// there, it was copied before, or there are enough.
Result<bool> put_quarantine(const Store& store, WriteBatch& batch, const std::string& record_key);

// Erases them all, when a person has looked at them. Gives how many there were.
Result<std::size_t> drop_quarantine(const Store& store, WriteBatch& batch);

// How many are kept.
Result<std::size_t> count_quarantined(const Store& store);

}  // namespace sluice
