#include "gateway/repeat_memory.h"

#include <xxhash.h>

#include <algorithm>
#include <ranges>

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
    if (senders_.size() >= bounds_.senders) forget_longest_silent();
    by_last_use_.push_back(key_);
    found = senders_.emplace(key_, Sender{{}, std::prev(by_last_use_.end())}).first;
  } else {
    by_last_use_.splice(by_last_use_.end(), by_last_use_, found->second.place);
  }
  make_room(found->second.seen, now);
  found->second.seen.push_back({fingerprint, now});
  ++total_;
  while (total_ > bounds_.total && senders_.size() > 1) forget_longest_silent();
}

// Taken from the front in larger steps, so that a busy sender does not move all the rest each time.
void RepeatMemory::make_room(std::vector<Seen>& seen, EngineTime now) {
  if (seen.empty()) return;
  const bool is_old = now - seen.front().at > bounds_.max_age;
  const bool is_full = seen.size() >= bounds_.per_sender + bounds_.per_sender / 4;
  if (!is_full && !(is_old && seen.size() == seen.capacity())) return;
  const auto first_young = std::ranges::find_if(
      seen, [&](const Seen& entry) { return now - entry.at <= bounds_.max_age; });
  const auto first_within =
      seen.end() - static_cast<std::ptrdiff_t>(std::min(seen.size(), bounds_.per_sender - 1));
  const auto kept_from = is_full ? std::max(first_young, first_within) : first_young;
  total_ -= static_cast<std::size_t>(kept_from - seen.begin());
  seen.erase(seen.begin(), kept_from);
}

void RepeatMemory::forget_longest_silent() {
  const auto found = senders_.find(by_last_use_.front());
  total_ -= found->second.seen.size();
  senders_.erase(found);
  by_last_use_.pop_front();
}

bool RepeatMemory::knows(std::string_view source, std::string_view sender,
                         std::uint64_t fingerprint, EngineTime now) const {
  make_key(key_, source, sender);
  const auto found = senders_.find(key_);
  if (found == senders_.end()) return false;
  const auto newest_first = std::views::reverse(found->second.seen);
  return std::ranges::any_of(newest_first, [&](const Seen& seen) {
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
