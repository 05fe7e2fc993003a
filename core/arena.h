// Arena: memory for everything that lives exactly one beat.
//
// Allocation moves a pointer; nothing is freed one by one; reset() keeps the blocks for the next
// beat, so that a running gateway allocates nothing per event. Owned by one thread.
// Only trivially destructible things go in: no destructor runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {

class Arena {
 public:
  explicit Arena(std::size_t block_bytes = 16 * 1024) : block_bytes_(block_bytes) {}
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  void* allocate(std::size_t bytes, std::size_t alignment) {
    const std::size_t start = (used_ + alignment - 1) & ~(alignment - 1);
    if (current_ < blocks_.size() && start + bytes <= blocks_[current_].size) {
      used_ = start + bytes;
      return blocks_[current_].bytes.get() + start;
    }
    return allocate_in_next_block(bytes);
  }

  // Uninitialised room for `count` objects.
  template <typename T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    static_assert(alignof(T) <= alignof(std::max_align_t));
    // NOLINTNEXTLINE(bugprone-sizeof-expression): T may be a pointer
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  template <typename T>
  T* make(T object = {}) {
    static_assert(std::is_trivially_destructible_v<T>);
    return ::new (allocate(sizeof(T), alignof(T))) T(std::move(object));
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* bytes = array<char>(text.size());
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }

  // One text made of two or three.
  std::string_view join(std::string_view a, std::string_view b, std::string_view c = {}) {
    const std::size_t size = a.size() + b.size() + c.size();
    char* bytes = array<char>(size);
    if (!a.empty()) std::memcpy(bytes, a.data(), a.size());
    if (!b.empty()) std::memcpy(bytes + a.size(), b.data(), b.size());
    if (!c.empty()) std::memcpy(bytes + a.size() + b.size(), c.data(), c.size());
    return {bytes, size};
  }

  template <typename T>
  std::span<const T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    T* bytes = array<T>(items.size());
    std::memcpy(static_cast<void*>(bytes), items.data(), items.size_bytes());
    return {bytes, items.size()};
  }

  // Forgets all objects and keeps up to `keep_bytes` of memory for the next turn.
  void reset(std::size_t keep_bytes = 4 * 1024 * 1024);

  // Bytes of all blocks held.
  std::size_t held_bytes() const;

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };

  void* allocate_in_next_block(std::size_t bytes);

  std::size_t block_bytes_;
  std::vector<Block> blocks_;
  std::size_t current_ = 0;  // index of the block that is being filled
  std::size_t used_ = 0;     // bytes used of it
};

}  // namespace sluice
