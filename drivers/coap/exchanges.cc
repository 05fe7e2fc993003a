#include "drivers/coap/exchanges.h"

#include <ranges>

#include "core/result.h"

namespace sluice {

Exchange* Exchanges::find(std::string_view peer, std::uint16_t message_id,
                          std::uint64_t fingerprint) {
  const auto known = peers_.find(peer);
  if (known == peers_.end()) return nullptr;
  // Newest first: what is repeated was sent a moment ago.
  for (Entry* entry : std::views::reverse(known->second.entries)) {
    Exchange& exchange = entry->exchange;
    if (exchange.message_id == message_id && exchange.fingerprint == fingerprint &&
        !exchange.is_void) {
      return &exchange;
    }
  }
  return nullptr;
}

Exchange* Exchanges::add(std::string_view peer, std::uint16_t message_id, std::uint64_t fingerprint,
                         Duration now) {
  expire(now);
  if (const auto known = peers_.find(peer);
      known != peers_.end() && known->second.entries.size() >= limits_.max_per_peer) {
    const bool was_void = known->second.entries.front()->exchange.is_void;
    if (!forget_oldest(known)) return nullptr;
    if (!was_void) ++overflowed_;
  }
  if (all_.size() >= limits_.max_total) {
    const bool was_void = all_.front().exchange.is_void;
    if (!forget_oldest(all_.front().peer)) return nullptr;
    if (!was_void) ++overflowed_;
  }
  const auto owner = peers_.try_emplace(std::string(peer)).first;
  Entry& entry = all_.emplace_back();
  entry.exchange.message_id = message_id;
  entry.exchange.fingerprint = fingerprint;
  entry.exchange.since = now;
  entry.peer = owner;
  entry.place = std::prev(all_.end());
  owner->second.entries.push_back(&entry);
  return &entry.exchange;
}

void Exchanges::expire(Duration now) {
  while (!all_.empty() && now - all_.front().exchange.since >= limits_.lifetime) {
    if (!forget_oldest(all_.front().peer)) return;
  }
}

bool Exchanges::forget_oldest(Peers::iterator peer) {
  Entry* const oldest = peer->second.entries.front();
  if (is_waiting(oldest->exchange)) return false;
  peer->second.entries.pop_front();
  if (peer->second.entries.empty()) peers_.erase(peer);
  all_.erase(oldest->place);
  return true;
}

}  // namespace sluice
