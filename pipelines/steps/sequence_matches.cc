#include "pipelines/steps/sequence_matches.h"

namespace sluice {

void OpenMatch::take(Timestamp time, std::string_view event) {
  events.reserve(events.size() + event.size());
  events += event;
  last = time;
  ++taken;
}

void append_event(std::string& out, const Event& event) {
  put_signed(out, event.time.time_since_epoch().count());
  encode(out, event.data);
}

MatchedEvent read_event(ByteReader& in, Arena& arena) {
  MatchedEvent event;
  event.time = Timestamp(Duration(in.signed_varint()));
  std::string_view rest = in.rest();
  const auto data = decode_value(rest, arena);
  if (!data) {
    in.fail();
    return {};
  }
  in.set_rest(rest);
  event.data = *data;
  return event;
}

std::size_t OpenMatches::event_bytes() const {
  std::size_t bytes = 0;
  for (const OpenMatch& match : all) bytes += match.events.size();
  return bytes;
}

std::size_t OpenMatches::heap_bytes() const {
  std::size_t bytes = all.capacity() * sizeof(OpenMatch) + all.size() * listed_bytes;
  for (const OpenMatch& match : all) {
    if (match.events.capacity() > std::string().capacity()) bytes += match.events.capacity() + 1;
  }
  return bytes;
}

void OpenMatches::save(std::string& out) const {
  put_varint(out, all.size());
  for (const OpenMatch& match : all) {
    put_varint(out, match.number);
    put_signed(out, match.start.time_since_epoch().count());
    put_signed(out, match.last.time_since_epoch().count());
    put_varint(out, match.taken);
    put_text(out, match.events);
  }
}

void OpenMatches::load(ByteReader& in) {
  Arena scratch(1024);
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
    OpenMatch match;
    match.number = in.varint();
    match.start = Timestamp(Duration(in.signed_varint()));
    match.last = Timestamp(Duration(in.signed_varint()));
    const std::uint64_t taken = in.varint();
    match.events = in.text();
    ByteReader events(match.events);
    while (!events.at_end() && match.taken < taken) {
      read_event(events, scratch);
      ++match.taken;
    }
    const bool is_whole = events.is_ok() && events.at_end() && taken > 0 && match.taken == taken;
    if (!is_whole || (!all.empty() && match.number <= all.back().number)) return in.fail();
    all.push_back(std::move(match));
  }
}

}  // namespace sluice
