#include "drivers/coap/block_transfers.h"

#include <utility>

namespace sluice {

BlockTransfers::Outcome BlockTransfers::add(std::string_view peer, std::string_view path,
                                            std::string_view content_type, const Block& block,
                                            std::string_view payload, Duration now,
                                            std::string& body) {
  expire(now);
  const bool is_full = payload.size() == block.size();
  if (block.has_more ? !is_full : payload.size() > block.size()) return Outcome::malformed;

  Key key{std::string(peer), std::string(path)};
  auto transfer = by_key_.find(key);
  if (block.number == 0 && transfer != by_key_.end()) {
    give_up(transfer);
    transfer = by_key_.end();
  }
  const std::size_t end = block.offset() + payload.size();
  if (end > limits_.max_body_bytes) {
    if (transfer != by_key_.end()) give_up(transfer);
    return Outcome::too_large;
  }
  if (transfer == by_key_.end()) {
    if (block.number != 0) return Outcome::incomplete;
    if (by_key_.size() >= limits_.max_transfers ||
        transfers_of(peer) >= limits_.max_transfers_per_peer) {
      return Outcome::no_room;
    }
    transfer = start(std::move(key), content_type);
  }
  Transfer& current = transfer->second;
  current.last_block = now;
  by_age_.splice(by_age_.end(), by_age_, current.place);
  // Its 2.31 was lost, and the client sends it again.
  if (block.has_more && end <= current.body.size()) return Outcome::proceed;
  if (block.offset() != current.body.size() || current.content_type != content_type) {
    give_up(transfer);
    return Outcome::incomplete;
  }
  if (bytes_ + payload.size() > limits_.max_total_bytes) {
    give_up(transfer);
    return Outcome::no_room;
  }
  current.body += payload;
  bytes_ += payload.size();
  if (block.has_more) return Outcome::proceed;
  bytes_ -= current.body.size();
  body = std::move(current.body);
  by_age_.erase(current.place);
  by_key_.erase(transfer);
  return Outcome::complete;
}

void BlockTransfers::expire(Duration now) {
  while (!by_age_.empty()) {
    const auto oldest = by_key_.find(by_age_.front());
    if (now - oldest->second.last_block < limits_.timeout) return;
    give_up(oldest);
  }
}

BlockTransfers::Transfers::iterator BlockTransfers::start(Key key, std::string_view content_type) {
  const auto place = by_age_.insert(by_age_.end(), key);
  Transfer transfer;
  transfer.content_type = content_type;
  transfer.place = place;
  return by_key_.emplace(std::move(key), std::move(transfer)).first;
}

void BlockTransfers::give_up(Transfers::iterator transfer) {
  bytes_ -= transfer->second.body.size();
  by_age_.erase(transfer->second.place);
  by_key_.erase(transfer);
}

// Keys sort by peer first.
std::size_t BlockTransfers::transfers_of(std::string_view peer) const {
  std::size_t count = 0;
  auto transfer = by_key_.lower_bound(Key{std::string(peer), ""});
  for (; transfer != by_key_.end() && transfer->first.peer == peer; ++transfer) ++count;
  return count;
}

}  // namespace sluice
