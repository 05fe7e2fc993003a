#include "gateway/repeat_memory.h"

#include <xxhash.h>

#include <algorithm>

namespace sluice {

void RepeatMemory::make_key(std::string& key, std::string_view source, std::string_view sender) {
  key.assign(source);
  key.push_back('\0');
  key.append(sender);
}

void RepeatMemory::remember(std::string_view source, std::string_view sender,
                            std::uint64_t fingerprint, EngineTime now) {
  make_key(key_, source, sender);
  auto found = senders_.find(key_);
  if (found == senders_.end()) {
    if (senders_.size() >= bounds_.senders) {
      senders_.erase(by_last_use_.front());
      by_last_use_.pop_front();
    }
    by_last_use_.push_back(key_);
    found = senders_.emplace(key_, Sender{{}, std::prev(by_last_use_.end())}).first;
  } else {
    by_last_use_.splice(by_last_use_.end(), by_last_use_, found->second.place);
  }
  auto& seen = found->second.seen;
  while (!seen.empty() &&
         (seen.size() >= bounds_.per_sender || now - seen.front().at > bounds_.max_age)) {
    seen.pop_front();
  }
  seen.push_back({fingerprint, now});
}

bool RepeatMemory::knows(std::string_view source, std::string_view sender,
                         std::uint64_t fingerprint, EngineTime now) const {
  make_key(key_, source, sender);
  const auto found = senders_.find(key_);
  if (found == senders_.end()) return false;
  return std::ranges::any_of(found->second.seen, [&](const Seen& seen) {
    return seen.fingerprint == fingerprint && now - seen.at <= bounds_.max_age;
  });
}

std::uint64_t message_fingerprint(std::uint16_t number, std::string_view sender_key,
                                  std::string_view topic, std::string_view payload) {
  std::uint64_t hash = XXH3_64bits_withSeed(payload.data(), payload.size(), number);
  hash = XXH3_64bits_withSeed(topic.data(), topic.size(), hash);
  if (!sender_key.empty()) hash = XXH3_64bits_withSeed(sender_key.data(), sender_key.size(), hash);
  return hash | 1;  // zero means: none
}

std::uint64_t id_fingerprint(std::string_view id) {
  constexpr std::uint64_t apart_from_messages = 0x6964;  // "id"
  return XXH3_64bits_withSeed(id.data(), id.size(), apart_from_messages) | 1;
}

}  // namespace sluice
