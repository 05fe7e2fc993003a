#include "gateway/output_digest.h"

#include <xxhash.h>

#include <string>

#include "core/bytes.h"
#include "storage/block.h"

namespace sluice {

std::uint64_t output_digest(const GraphOutput& output, const std::vector<bool>& is_journaled) {
  std::string bytes;
  const Event none{};
  for (const auto& events : output.targets) {
    bytes.push_back('|');
    for (const Event* event : events) {
      if (event->source_index != no_source && !is_journaled[event->source_index]) continue;
      if (event->is_unchanged) {
        put_varint(bytes, event->block_index);
      } else {
        Event given = *event;
        given.fingerprint = 0;  // the journal leaves it out where it can be computed again
        append_event(bytes, given, none);
      }
    }
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace sluice
