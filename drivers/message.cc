#include "drivers/message.h"

namespace sluice {
namespace {

std::span<const Property> copy_properties(Arena& arena, std::span<const Property> properties) {
  if (properties.empty()) return {};
  auto* copies = arena.array<Property>(properties.size());
  for (std::size_t i = 0; i < properties.size(); ++i) {
    copies[i] = {arena.copy(properties[i].name), arena.copy(properties[i].value)};
  }
  return {copies, properties.size()};
}

}  // namespace

void MessageBatch::add(const Message& message) {
  Message copy = message;
  copy.sender = arena_.copy(message.sender);
  copy.sender_key = arena_.copy(message.sender_key);
  copy.topic = arena_.copy(message.topic);
  copy.content_type = arena_.copy(message.content_type);
  copy.payload = arena_.copy(message.payload);
  copy.user_properties = copy_properties(arena_, message.user_properties);
  copy.headers = copy_properties(arena_, message.headers);
  copy.state.key = arena_.copy(message.state.key);
  copy.state.value = arena_.copy(message.state.value);
  add_lent(copy);
}

void MessageBatch::add_lent(const Message& message) {
  messages_.push_back(message);
  bytes_ +=
      sizeof(Message) + message.payload.size() + message.topic.size() + message.state.value.size();
}

void MessageBatch::clear() {
  arena_.reset(64 * 1024);
  messages_.clear();
  bytes_ = 0;
}

}  // namespace sluice
