// Keys: one tree, one leading letter per kind of record, then big-endian numbers, so that records
// of a kind lie in order side by side. storage/FORMAT.md has the table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace sluice {

// One ordered stream towards a sink: a sink and a priority.
struct LaneId {
  std::uint16_t sink = 0;
  std::uint8_t lane = 0;
  auto operator<=>(const LaneId&) const = default;
};

namespace keys {

constexpr char meta = 'A';          // "A<name>"
constexpr char source_state = 'C';  // source, hash of the key
constexpr char dead_letter = 'D';   // number
constexpr char epoch = 'E';         // number
constexpr char head = 'H';          // "H": positions
constexpr char journal = 'J';       // block number, part
constexpr char outbox = 'O';        // sink, lane, first sequence, part
constexpr char quarantine = 'Q';    // the key of a damaged record
constexpr char snapshot = 'S';      // block number, slice

constexpr const char* format = "A";             // what this file is, and the format's version
constexpr const char* store_id = "Aid";         // random, for ever
constexpr const char* key_check = "Akey";       // which key encrypts the store; never a frame
constexpr const char* sink_numbers = "Asinks";  // a second copy of the head's

inline std::string numbered(char kind, std::uint64_t number) {
  std::string key(1, kind);
  put_big_endian(key, number);
  return key;
}

inline std::string part(char kind, std::uint64_t number, std::uint8_t part_number) {
  std::string key = numbered(kind, number);
  key.push_back(static_cast<char>(part_number));
  return key;
}

inline std::string lane_prefix(LaneId lane) {
  std::string key(1, outbox);
  put_big_endian(key, lane.sink);
  put_big_endian(key, lane.lane);
  return key;
}

inline std::string outbox_part(LaneId lane, std::uint64_t first, std::uint8_t part_number) {
  std::string key = lane_prefix(lane);
  put_big_endian(key, first);
  key.push_back(static_cast<char>(part_number));
  return key;
}

inline std::string slice(std::uint64_t block, std::uint32_t slice_number) {
  std::string key = numbered(snapshot, block);
  put_big_endian(key, slice_number);
  return key;
}

// What a key says of itself. Records in parts have a byte of part number at the key's end.
struct Shape {
  bool is_record = false;
  bool has_parts = false;
};
inline Shape shape_of(std::string_view key) {
  if (key.empty()) return {};
  switch (key[0]) {
    case dead_letter:
    case epoch:
    case journal:
      return {key.size() == 10, true};
    case outbox:
      return {key.size() == 13, true};
    case snapshot:
      return {key.size() == 13, false};
    case source_state:
      return {key.size() == 25, false};
    case head:
      return {key.size() == 1, false};
    case meta:
      return {key == store_id || key == sink_numbers || key == key_check, false};
    default:
      return {};
  }
}
inline bool is_known(std::string_view key) {
  return shape_of(key).is_record || key == format ||
         (key.starts_with(quarantine) && shape_of(key.substr(1)).is_record);
}

// The first key after all keys that start with `prefix` (which must not be all 0xFF).
inline std::string after(std::string prefix) {
  while (static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace keys
}  // namespace sluice
