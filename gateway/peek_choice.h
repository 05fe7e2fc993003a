// PeekChoice: whether to read all of an event at once, or only what gates look at and the rest when
// they let it pass. A peek costs about half of a whole reading, so it pays while gates drop more
// than they let pass. Engine thread only.
#pragma once

#include <cstdint>

namespace sluice {

class PeekChoice {
 public:
  // For the next event.
  bool is_peek() {
    const bool pays = passed_ * 2 <= peeked_;
    if (!pays && ++since_last_ < sample_every) return false;
    since_last_ = 0;
    ++peeked_;
    if (peeked_ >= remembered) {
      peeked_ /= 2;
      passed_ /= 2;
    }
    return true;
  }
  // One that was peeked at passed; this is known only when its block is processed.
  void passed() { ++passed_; }

 private:
  static constexpr std::uint32_t remembered = 4096;  // events, about
  static constexpr std::uint32_t sample_every = 16;  // while it does not pay, so often it is tried

  std::uint32_t since_last_ = 0;
  std::uint32_t peeked_ = 0;
  std::uint32_t passed_ = 0;
};

}  // namespace sluice
