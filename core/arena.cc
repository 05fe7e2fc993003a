#include "core/arena.h"

#include <algorithm>

namespace sluice {

void* Arena::allocate_in_next_block(std::size_t bytes) {
  // A block that is too small for this request is passed over until the next reset.
  while (++current_ < blocks_.size()) {
    if (blocks_[current_].size >= bytes) {
      used_ = bytes;
      return blocks_[current_].bytes.get();
    }
  }
  // Blocks double up to 1 MiB, so that a big beat needs few of them.
  const std::size_t doubled =
      blocks_.empty() ? block_bytes_ : std::min<std::size_t>(blocks_.back().size * 2, 1024 * 1024);
  const std::size_t size = std::max(bytes, std::max(block_bytes_, doubled));
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  current_ = blocks_.size() - 1;
  used_ = bytes;
  return blocks_[current_].bytes.get();
}

void Arena::reset(std::size_t keep_bytes) {
  std::size_t held = 0;
  std::size_t keep = 0;
  while (keep < blocks_.size() && held + blocks_[keep].size <= keep_bytes) {
    held += blocks_[keep].size;
    ++keep;
  }
  blocks_.resize(std::max<std::size_t>(keep, blocks_.empty() ? 0 : 1));
  current_ = 0;
  used_ = 0;
}

std::size_t Arena::held_bytes() const {
  std::size_t held = 0;
  for (const Block& block : blocks_) held += block.size;
  return held;
}

}  // namespace sluice
