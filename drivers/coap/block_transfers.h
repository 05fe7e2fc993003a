// Bodies that come block by block (RFC 7959, Block1), put together within bounds.
//
// libcoap can do it too, but reserves whatever size the first datagram announces. Here memory grows
// with the bytes that have come. Blocks come in order; one that was taken already is answered
// again. A body is identified by peer and path, so a peer sends one at a time to a path. Owned by
// one thread; time is handed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace sluice {

struct Block {
  std::uint32_t number = 0;
  bool has_more = false;
  std::uint8_t size_exponent = 0;  // 0 to 6: 16 to 1024 bytes

  std::size_t size() const { return std::size_t{16} << size_exponent; }
  std::size_t offset() const { return number * size(); }
};

class BlockTransfers {
 public:
  struct Limits {
    std::size_t max_body_bytes;
    std::size_t max_transfers;
    std::size_t max_transfers_per_peer;
    std::size_t max_total_bytes;
    Duration timeout;  // since the last block
  };

  enum class Outcome : std::uint8_t {
    complete,    // `body` holds it all
    proceed,     // 2.31: the next block, please
    incomplete,  // 4.08: a block is missing, or it was given up; start again with block 0
    too_large,   // 4.13: beyond max_body_bytes; given up
    malformed,   // 4.00: a block that is not the last is not full, or a last one is too long
    no_room,     // 5.03: too many others in progress
  };

  explicit BlockTransfers(Limits limits) : limits_(limits) {}

  // Takes one block. `body` is set only when complete. A content format that changes between blocks
  // makes the body incomplete (RFC 7959 section 2.9.2).
  Outcome add(std::string_view peer, std::string_view path, std::string_view content_type,
              const Block& block, std::string_view payload, Duration now, std::string& body);

  // Gives up those that have been silent for too long.
  void expire(Duration now);

  std::size_t transfers() const { return by_key_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Key {
    std::string peer;
    std::string path;
    auto operator<=>(const Key&) const = default;
  };
  struct Transfer {
    std::string content_type;
    std::string body;
    Duration last_block{};
    std::list<Key>::iterator place;  // in by_age_
  };
  using Transfers = std::map<Key, Transfer>;

  Transfers::iterator start(Key key, std::string_view content_type);
  void give_up(Transfers::iterator transfer);
  std::size_t transfers_of(std::string_view peer) const;

  const Limits limits_;
  Transfers by_key_;
  std::list<Key> by_age_;  // longest silent first
  std::size_t bytes_ = 0;
};

}  // namespace sluice
