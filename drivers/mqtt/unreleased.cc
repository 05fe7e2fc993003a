#include "drivers/mqtt/unreleased.h"

#include <xxhash.h>

#include "core/bytes.h"

namespace sluice::mqtt {
namespace {

constexpr char id_key_kind = 'q';
constexpr std::uint8_t id_record_version = 1;

std::uint64_t fingerprint_of(std::string_view topic, std::string_view payload) {
  const std::uint64_t seed = XXH3_64bits(topic.data(), topic.size());
  return XXH3_64bits_withSeed(payload.data(), payload.size(), seed);
}

}  // namespace

std::string Unreleased::key(std::uint16_t id) const {
  std::string key(1, id_key_kind);
  key += client_id_;
  put_big_endian(key, id);
  return key;
}

bool Unreleased::parse(std::string_view key, std::string_view value, std::string_view& client_id,
                       std::uint16_t& id, std::uint64_t& fingerprint) {
  if (key.size() < 3 || key.front() != id_key_kind) return false;
  client_id = key.substr(1, key.size() - 3);
  id = ByteReader(key.substr(key.size() - 2)).big_endian<std::uint16_t>();
  ByteReader record(value);
  if (record.fixed<std::uint8_t>() != id_record_version) return false;
  fingerprint = record.fixed<std::uint64_t>();
  return record.is_ok() && id != 0;
}

Unreleased::Entry* Unreleased::find_repeat(const PublishPacket& packet, std::string_view topic) {
  const auto found = entries_.find(packet.id);
  if (found == entries_.end()) return nullptr;
  if (found->second.fingerprint != fingerprint_of(topic, packet.payload)) return nullptr;
  return &found->second;
}

Receipt Unreleased::receive(const PublishPacket& packet, std::string_view topic, Message& message,
                            MessageFeed& feed) {
  const std::uint64_t fingerprint = fingerprint_of(topic, packet.payload);
  std::string record_key;
  std::string record;
  if (is_durable_) {
    record_key = key(packet.id);
    put_fixed(record, id_record_version);
    put_fixed(record, fingerprint);
    message.state = {record_key, record, false};
  }
  const Receipt receipt = feed.add(message);
  entries_[packet.id] = {fingerprint, receipt, 0};
  return receipt;
}

Receipt Unreleased::release(std::uint16_t id, MessageFeed& feed) {
  entries_.erase(id);
  // Erased also when it is not known here: the record of a refused release may still be there.
  return is_durable_ ? feed.add_change(client_id_, {key(id), {}, true}) : Receipt{0};
}

Receipt Unreleased::erase_records(MessageFeed& feed) const {
  Receipt last{0};
  if (!is_durable_) return last;
  for (const auto& [id, entry] : entries_) last = feed.add_change(client_id_, {key(id), {}, true});
  return last;
}

Receipt Unreleased::clear(MessageFeed& feed) {
  const Receipt last = erase_records(feed);
  entries_.clear();
  return last;
}

Receipt Unreleased::make_temporary(MessageFeed& feed) {
  const Receipt last = erase_records(feed);
  is_durable_ = false;
  return last;
}

void Unreleased::forget_refused(Receipt receipt, const MessageFeed& feed) {
  std::erase_if(entries_, [&](const auto& item) {
    const Receipt own = item.second.receipt;
    return own <= receipt && !feed.is_settled(own);
  });
}

void Unreleased::start_connection() {
  for (auto& [id, entry] : entries_) entry.repeats = 0;
}

}  // namespace sluice::mqtt
