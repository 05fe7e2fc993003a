// Event: one decoded message, with the attributes of CloudEvents 1.0.
//
// A plain record whose texts are lent from the beat's Arena (or from the message): it lives until
// the beat ends. A received event keeps its payload, which passes upstream byte for byte; an event
// that a step made or changed has no payload, and `data` is the truth.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/clock.h"
#include "core/value.h"

namespace sluice {

struct Property {  // MQTT user property, CoAP or HTTP header
  std::string_view name;
  std::string_view value;
};

struct Attribute {  // CloudEvents extension: lower-case letters and digits
  std::string_view name;
  Value value;
};

// How much of a received event's payload was read.
enum class DataState : std::uint8_t {
  whole,    // it is valid, and `data` is all of it, if anyone looks at it
  partial,  // `data` is only what gates look at (Step::gate_paths); the rest was not validated
  refused,  // it was partial, and the rest is not valid
};

constexpr std::uint16_t no_source = 0xFFFF;  // an event that a step made out of others

struct Event {
  // CloudEvents context. Empty text = unset.
  std::string_view id;
  std::string_view source;
  std::string_view type;
  std::string_view subject;
  std::string_view datacontenttype;
  std::string_view dataschema;
  Timestamp time{};
  std::span<const Attribute> extensions;

  Value data;                // what expressions see as `data`
  std::string_view payload;  // the bytes as received; {} when `data` is the truth
  bool has_payload = false;
  DataState data_state = DataState::whole;

  // Where it came from.
  std::string_view sender;       // client id or peer address
  std::string_view sender_key;   // what the sender calls the message (CoAP token)
  std::string_view topic;        // MQTT topic, or CoAP path without the leading '/'
  std::string_view source_name;  // the name in [sources.NAME]
  std::span<const Property> user_properties;
  std::span<const Property> headers;
  Timestamp received{};

  // Set by the engine.
  std::uint64_t sequence = 0;  // of a received event: durable, unique in this store
  bool has_own_id = false;     // `id` is the sender's own, not made from the sequence
  std::uint16_t number = 0;    // the message's MQTT packet id or CoAP message id
  // By which a repeat is recognised: of the sender's own id, else of the message; 0: none.
  std::uint64_t fingerprint = 0;
  std::uint32_t block_index = 0;  // position in the beat's block; meaningful while is_unchanged
  std::uint16_t source_index = no_source;
  bool is_unchanged = true;  // false once a step made or changed it
};

// Searches the extensions. nullptr: not set.
const Value* find_extension(const Event& event, std::string_view name);

}  // namespace sluice
