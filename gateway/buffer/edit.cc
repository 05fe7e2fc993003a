#include "gateway/buffer/edit.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "storage/keys.h"
#include "storage/outbox.h"

namespace sluice {
namespace {

constexpr std::uint64_t max_chosen = 1'000'000;
constexpr std::string_view sink_stage = "sink ";

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

Error bad_choice(std::string_view text) {
  return {ErrorKind::bad_input,
          "'" + std::string(text) + "' is neither \"all\" nor numbers such as 12,15-20"};
}

}  // namespace

Result<LetterChoice> parse_letter_choice(std::string_view text) {
  LetterChoice choice;
  if (text == "all") {
    choice.is_all = true;
    return choice;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const std::size_t dash = part.find('-');
    const auto first = number_in(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number_in(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first > max_chosen) return bad_choice(text);
    for (std::uint64_t number = *first; number <= *last; ++number) choice.numbers.insert(number);
  }
  if (choice.numbers.empty()) return bad_choice(text);
  return choice;
}

Result<LaneId> last_lane_of(const Head& head, std::string_view sink) {
  const auto number = head.sinks.find(sink);
  std::optional<LaneId> last;
  if (number != head.sinks.end()) {
    for (const auto& [lane, state] : head.lanes) {
      if (lane.sink == number->second) last = lane;
    }
  }
  if (last) return *last;
  std::string known;
  for (const auto& [name, other] : head.sinks) known += (known.empty() ? "" : ", ") + name;
  return Error{ErrorKind::bad_input,
               "there is no sink '" + std::string(sink) + "' in the store; it has: " + known};
}

Result<std::uint64_t> add_events(WriteBatch& batch, FrameCodec& codec, Head& head, LaneId lane,
                                 const BlockHeader& now, std::string_view block,
                                 std::string_view store_id) {
  Arena arena;
  const auto decoded = decode_block(block, store_id, arena);
  if (!decoded) return Error{ErrorKind::bad_input, decoded.error().message};
  std::vector<const Event*> events;
  for (const Event& event : decoded->events) events.push_back(&event);
  if (events.empty()) return std::uint64_t{0};
  // Ids and sources of unchanged events follow from the gateway's name that was in force then.
  BlockHeader header = now;
  header.gateway = decoded->header.gateway;
  LaneState& state = head.lanes[lane];
  put_outbox(batch, codec, lane, state.next, header, events, false);
  state.next += events.size();
  return std::uint64_t{events.size()};
}

std::string_view sink_of_letter(const DeadLetter& letter) {
  const std::string_view stage = letter.stage;
  return stage.starts_with(sink_stage) ? stage.substr(sink_stage.size()) : std::string_view();
}

Result<LetterChange> drop_letters(const Store& store, WriteBatch& batch, FrameCodec& codec,
                                  Head& head, std::string_view store_id,
                                  const LetterChoice& choice) {
  LetterChange change;
  change.changed =
      TRY(retire_dead_letters(store, batch, codec, store_id, head,
                              [&](std::uint64_t number) { return choice.has(number); }));
  return change;
}

Result<LetterChange> retry_letters(const Store& store, WriteBatch& batch, FrameCodec& codec,
                                   Head& head, std::string_view store_id,
                                   const LetterChoice& choice, const BlockHeader& now) {
  LetterChange change;
  LetterChoice sent;
  std::uint64_t damaged = 0;
  TRY(read_dead_letters(store, codec, store_id, head.first_dead_letter, damaged,
                        [&](const DeadLetter& letter, const BlockHeader& header) {
                          if (!choice.has(letter.number)) return true;
                          const auto lane = last_lane_of(head, sink_of_letter(letter));
                          if (sink_of_letter(letter).empty() || !lane) {
                            change.not_now.push_back(letter.number);
                            return true;
                          }
                          const Event* event = &letter.event;
                          BlockHeader then = now;
                          then.gateway = header.gateway;
                          LaneState& state = head.lanes[*lane];
                          put_outbox(batch, codec, *lane, state.next, then, {&event, 1}, false);
                          ++state.next;
                          sent.numbers.insert(letter.number);
                          return true;
                        }));
  change.changed = TRY(retire_dead_letters(store, batch, codec, store_id, head,
                                           [&](std::uint64_t number) { return sent.has(number); }));
  return change;
}

}  // namespace sluice
