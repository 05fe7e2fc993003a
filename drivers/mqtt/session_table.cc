#include "drivers/mqtt/session_table.h"

#include <algorithm>

#include "core/bytes.h"

namespace sluice::mqtt {
namespace {

constexpr char session_key_kind = 's';
constexpr std::uint8_t session_record_version = 1;

std::string record_key(std::string_view client_id) {
  std::string key(1, session_key_kind);
  key += client_id;
  return key;
}

}  // namespace

std::size_t SessionTable::restore(const SavedState& saved) {
  std::size_t unreadable = 0;
  for (const auto& [key, value] : saved) {
    if (key.empty() || key.front() != session_key_kind) continue;
    ByteReader record(value);
    const auto version = record.fixed<std::uint8_t>();
    const std::chrono::seconds expiry(record.fixed<std::uint32_t>());
    if (!record.is_ok() || version != session_record_version) {
      ++unreadable;
      continue;
    }
    auto session = std::make_unique<Session>(std::string_view(key).substr(1), expiry);
    session->expires_at = feed_.now() + session->expiry;
    sessions_.emplace(session->client_id, std::move(session));
  }
  for (const auto& [key, value] : saved) {
    if (key.empty() || key.front() == session_key_kind) continue;
    std::string_view client_id;
    std::uint16_t id = 0;
    std::uint64_t fingerprint = 0;
    const bool is_readable = Unreleased::parse(key, value, client_id, id, fingerprint);
    Session* const session = is_readable ? find(client_id) : nullptr;
    if (session != nullptr)
      session->unreleased.restore(id, fingerprint);
    else
      ++unreadable;
  }
  return unreadable;
}

Session* SessionTable::find(std::string_view client_id) {
  const auto found = sessions_.find(client_id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

SessionTable::Opened SessionTable::open(std::string_view client_id, bool is_clean,
                                        Duration expiry) {
  expiry = std::min(expiry, limits_.max_session_expiry);
  Receipt ended{0};
  if (Session* const found = find(client_id)) {
    if (!is_clean) {
      found->will.reset();  // its client is back before the delay was over
      found->unreleased.start_connection();
      set_expiry(*found, expiry);
      return {found, true};
    }
    if (found->will) publish_will(*found);
    if (found->is_durable()) erase_records(*found);
    ended = found->last_change;
    sessions_.erase(sessions_.find(client_id));
  }
  if (sessions_.size() >= limits_.max_sessions) return {};
  auto session = std::make_unique<Session>(client_id, expiry);
  session->last_change = ended;
  if (session->is_durable()) write_record(*session);
  return {sessions_.emplace(session->client_id, std::move(session)).first->second.get(), false};
}

void SessionTable::set_expiry(Session& session, Duration expiry) {
  expiry = std::min(expiry, limits_.max_session_expiry);
  if (expiry == session.expiry) return;
  // A connection that has chosen to leave nothing behind cannot choose otherwise later.
  if (!session.is_durable()) return;
  if (expiry > Duration::zero()) {
    session.expiry = expiry;
    write_record(session);
    return;
  }
  // Its packet ids still count until the connection ends.
  session.unreleased.make_temporary(feed_);
  session.last_change =
      feed_.add_change(session.client_id, {record_key(session.client_id), {}, true});
  session.expiry = expiry;
}

void SessionTable::leave(Session& session) {
  session.owner = nullptr;
  if (session.will) {
    session.will_due = feed_.now() + session.will->delay;
    const bool is_due = session.will->delay == Duration::zero() || !session.is_durable();
    if (is_due) publish_will(session);
  }
  if (session.is_durable())
    session.expires_at = feed_.now() + session.expiry;
  else
    sessions_.erase(sessions_.find(session.client_id));
}

void SessionTable::forget_refused(Receipt receipt) {
  for (auto& [id, session] : sessions_) session->unreleased.forget_refused(receipt, feed_);
}

void SessionTable::tick() {
  for (auto next = sessions_.begin(); next != sessions_.end();) {
    Session& session = *next->second;
    if (session.owner != nullptr) {
      ++next;
      continue;
    }
    const bool has_expired = feed_.now() >= session.expires_at;
    if (session.will && (has_expired || feed_.now() >= session.will_due)) publish_will(session);
    if (has_expired) {
      erase_records(session);
      next = sessions_.erase(next);
    } else {
      ++next;
    }
  }
}

void SessionTable::write_record(Session& session) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(session.expiry).count();
  std::string record;
  put_fixed(record, session_record_version);
  put_fixed(record, static_cast<std::uint32_t>(seconds));
  session.last_change =
      feed_.add_change(session.client_id, {record_key(session.client_id), record, false});
}

// The packet ids go first: a crash between two beats must not leave ids without their session.
void SessionTable::erase_records(Session& session) {
  session.unreleased.clear(feed_);
  session.last_change =
      feed_.add_change(session.client_id, {record_key(session.client_id), {}, true});
}

// A will is a message that needs no acknowledgement: its sender is gone.
void SessionTable::publish_will(Session& session) {
  const std::unique_ptr<Will> will = std::move(session.will);
  std::vector<Property> properties;
  for (const auto& [name, value] : will->user_properties) properties.push_back({name, value});
  Message message;
  message.sender = session.client_id;
  message.topic = will->topic;
  message.content_type = will->content_type;
  message.payload = will->payload;
  message.user_properties = properties;
  feed_.add(message);
}

}  // namespace sluice::mqtt
