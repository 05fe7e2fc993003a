// What the TOML of all steps has in common that remember something per key.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/described.h"
#include "config/fields.h"
#include "config/located_text.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

inline constexpr std::uint32_t most_keys = 10'000'000;
inline constexpr Duration longest_step_time = std::chrono::hours(24) * 3650;

std::span<const EnumName<WhenFull>> enum_names(WhenFull);

// The table of such a step derives from this.
struct KeyedTable {
  ExpressionText key;
  std::uint32_t max_keys = KeyBounds{}.max_keys;
  ByteSize max_memory{KeyBounds{}.max_memory};
  WhenFull when_full = KeyBounds{}.when_full;
  Duration forget_after = KeyBounds{}.forget_after;

  KeyedConfig keyed() const {
    return {key.text(),
            {max_keys, static_cast<std::size_t>(max_memory.bytes()), when_full, forget_after}};
  }
};

template <typename Table>
void describe_key_bounds(Fields<Table>& fields) {
  fields
      .optional("key", &KeyedTable::key,
                "Events with the same value are looked at together; without it all are.")
      .optional("max_keys", &KeyedTable::max_keys, "Keys that are remembered at a time,")
      .between(1, most_keys)
      .optional("max_memory", &KeyedTable::max_memory,
                "and what they may take; as much again while a snapshot is written.")
      .between(ByteSize{KeyBounds::least_memory}, ByteSize{KeyBounds::most_memory})
      .optional("when_full", &KeyedTable::when_full,
                "A new key takes the place of the one that was not seen for longest, or its events "
                "are dropped. Both are counted.");
}

template <typename Table>
void describe_keys(Fields<Table>& fields) {
  describe_key_bounds(fields);
  fields
      .optional("forget_after", &KeyedTable::forget_after,
                "A key that is silent for this long is forgotten; 0s: never.")
      .between(Duration{0}, longest_step_time);
}

template <typename Options>
ComponentDescription describe_step(std::string_view key, std::string_view summary) {
  return describe_component<Options>("step", std::string(key), std::string(summary));
}

}  // namespace sluice
