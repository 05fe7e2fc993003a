#include "gateway/handed_out_mark.h"

#include <algorithm>

#include "core/bytes.h"

namespace sluice {
namespace {
constexpr std::size_t max_looked_at = 512;  // records in one beat
}

Result<std::uint64_t> HandedOutMark::raise(const LaneState& state, std::uint64_t stored_end) {
  while (!records_.empty() && records_.front().end <= state.shipped) {
    bytes_ -= records_.front().bytes;
    records_.pop_front();
  }
  reached_ = std::max(reached_, state.shipped);
  const std::string prefix = keys::lane_prefix(lane_);
  const auto close = [&](std::uint64_t end, std::uint64_t bytes) {
    records_.push_back({end, bytes});
    bytes_ += bytes;
    reached_ = end;
  };
  std::uint64_t current = 0;  // the record that is being looked at; 0: none
  std::uint64_t current_bytes = 0;
  std::size_t looked = 0;
  bool has_more = bytes_ >= bounds_.bytes;
  if (!has_more) {
    TRY(store_.scan(keys::outbox_part(lane_, reached_, 0), keys::after(prefix),
                    [&](std::string_view key, std::string_view value) {
                      const auto number =
                          ByteReader(key.substr(prefix.size())).big_endian<std::uint64_t>();
                      if (current != 0 && number != current) {
                        close(number, current_bytes);
                        current_bytes = 0;
                        has_more = bytes_ >= bounds_.bytes || ++looked == max_looked_at;
                        if (has_more) return false;
                      }
                      current = number;
                      current_bytes += value.size();
                      return true;
                    }));
    if (!has_more && current != 0) close(stored_end, current_bytes);
  }
  const std::uint64_t mark = has_more || bytes_ >= bounds_.bytes
                                 ? reached_
                                 : std::max(reached_, state.next) + bounds_.slack;
  return std::max(state.handed_out, mark);
}

}  // namespace sluice
