// Random numbers by name: a pure function of the seed and of what is drawn for.
//
//   draw(seed, "noise", device, seq)   in [0, 1), the same on every machine and in any order
//
// So an event can be made again, bit for bit, when it must be sent once more.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::sim {

// The finaliser of splitmix64 (Steele, Lea and Flood, 2014): every input bit moves every output
// bit.
constexpr std::uint64_t mix(std::uint64_t bits) {
  bits += 0x9e3779b97f4a7c15U;
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31U);
}

constexpr double draw(std::uint64_t seed, std::string_view purpose, std::uint64_t device,
                      std::uint64_t index = 0) {
  std::uint64_t bits = mix(seed);
  for (const char c : purpose) bits = mix(bits ^ static_cast<unsigned char>(c));
  bits = mix(mix(bits ^ device) ^ index);
  return static_cast<double>(bits >> 11U) * 0x1p-53;
}

}  // namespace sluice::sim
