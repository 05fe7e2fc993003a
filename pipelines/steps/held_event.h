// HeldEvent: an event that a step keeps beyond its beat, to let it go later.
//
// What leaves later is an event of the pipeline: it gets an id and a source of its own, and no
// longer refers to the block it came in. All else that expressions see is as it was: type, subject,
// time, data, extensions, topic, sender, properties.
#pragma once

#include <string>

#include "core/arena.h"
#include "core/bytes.h"
#include "core/event.h"

namespace sluice {

class HeldEvent {
 public:
  static constexpr std::size_t max_bytes = 64 * 1024;
  static constexpr std::size_t max_heap_bytes = max_bytes + 64;

  bool is_empty() const { return bytes_.empty(); }
  // Keeps `event` in place of what was there. False: it has more than max_bytes; nothing changed.
  bool hold(const Event& event);
  void clear() { bytes_ = std::string(); }
  // The event, in `arena`. There must be one.
  Event* release(Arena& arena) const;

  void save(std::string& out) const { put_text(out, bytes_); }
  // Fails the reader when the bytes are no event.
  void load(ByteReader& in);
  std::size_t heap_bytes() const {
    return bytes_.capacity() > std::string().capacity() ? bytes_.capacity() + 1 : 0;
  }

 private:
  std::string bytes_;
};

}  // namespace sluice
