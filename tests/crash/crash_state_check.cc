// crash_state_check: what the daemon's own recovery makes of a store after a crash.
//
//   a directory a line on stdin  -->  a JSON object a line on stdout
//
//   crash_state_check CLOSING_TIME MAX_BYTES
//
// Each store is opened and recovered as Gateway::build does it, without sources and sinks. All that
// must still go upstream is read as a shipper reads it. Then the real engine takes one event at
// CLOSING_TIME of each source and commits: all windows end, and show what they held.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.h"
#include "drivers/codecs/cloudevents.h"
#include "gateway/assembly.h"
#include "gateway/engine.h"
#include "gateway/intake_queue.h"
#include "gateway/outbox_border.h"
#include "storage/dead_letters.h"
#include "storage/epochs.h"
#include "storage/head.h"
#include "storage/journal.h"
#include "storage/lmdb_store.h"
#include "storage/outbox.h"
#include "storage/source_state.h"

namespace sluice {
namespace {

struct Options {
  std::string closing_time;
  std::uint64_t max_bytes = 0;
};

using Sequences = std::map<std::string, std::vector<std::uint64_t>, std::less<>>;  // by device

struct Findings {
  std::string error;  // recovery or the commit after it failed; empty: neither did
  std::string moved_aside;
  bool is_fresh = false;  // no configuration was in force yet
  std::uint64_t damaged = 0;
  RecoveryReport recovery;
  std::uint64_t journal_blocks = 0;
  std::uint64_t pending_events = 0;
  Sequences pending;                 // events that upstream has not acknowledged
  Sequences undecodable;             // dead letters of the decoder: no pipeline saw them
  Sequences rejected;                // dead letters of a sink
  std::vector<std::string> windows;  // CloudEvents: results that must still go upstream
  std::vector<std::string> closing;  // what the windows held
};

// The devices of the test write {"device": "m0", "seq": 17, ...
void note_sequence(Sequences& sequences, std::string_view payload) {
  constexpr std::string_view device_mark = "\"device\": \"";
  constexpr std::string_view sequence_mark = "\"seq\": ";
  const auto device_at = payload.find(device_mark);
  const auto sequence_at = payload.find(sequence_mark);
  if (device_at == std::string_view::npos || sequence_at == std::string_view::npos) return;
  std::string_view device = payload.substr(device_at + device_mark.size());
  device = device.substr(0, device.find('"'));
  const std::string_view digits = payload.substr(sequence_at + sequence_mark.size());
  std::uint64_t sequence = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  sequences[std::string(device)].push_back(sequence);
}

void note_event(const Event& event, Sequences& sequences, std::vector<std::string>& windows) {
  if (event.has_payload) {
    note_sequence(sequences, event.payload);
  } else {
    append_cloudevent(windows.emplace_back(), event);
  }
}

// Reads [from, end) of a lane as a shipper does; what was acknowledged out of order is passed over.
Result<void> read_lane(const Store& store, const std::string& store_id, LaneId lane,
                       const Intervals& beyond, std::uint64_t from, std::uint64_t end,
                       Findings& findings, std::vector<std::string>& windows) {
  OutboxReader reader(store, lane, store_id);
  while (from < end) {
    const OutboxReader::Found found = TRY(reader.read(from));
    if (!found.is_found)
      return Error{ErrorKind::corrupt, "a lane has no record of sequence " + std::to_string(from)};
    if (found.is_damaged) {
      ++findings.damaged;
      if (findings.error.empty()) findings.error = "outbox: " + found.damage;
    }
    if (found.record.first > from)
      return Error{ErrorKind::corrupt,
                   "a lane has a hole before sequence " + std::to_string(found.record.first)};
    for (std::size_t i = 0; i < found.record.events.size(); ++i) {
      const std::uint64_t sequence = found.record.first + i;
      if (sequence < from || beyond.contiguous_end(sequence) != sequence) continue;
      ++findings.pending_events;
      note_event(found.record.events[i], findings.pending, windows);
    }
    from = found.record.end;
  }
  return {};
}

Result<void> read_journal(const Store& store, FrameCodec& codec, const std::string& store_id,
                          Findings& findings) {
  for (std::uint64_t at = 0;;) {
    const auto entry = TRY(next_journal(store, codec, at));
    if (!entry) return {};
    at = entry->block + 1;
    ++findings.journal_blocks;
    Arena arena(64 * 1024);
    if (entry->is_damaged || !decode_block(entry->raw, store_id, arena)) ++findings.damaged;
  }
}

Result<void> read_letters(const Store& store, FrameCodec& codec, const std::string& store_id,
                          std::uint64_t first, Findings& findings) {
  return read_dead_letters(store, codec, store_id, first, findings.damaged,
                           [&](const DeadLetter& letter, const BlockHeader&) {
                             if (letter.stage == "decode") {
                               note_sequence(findings.undecodable, letter.event.payload);
                             } else {
                               note_event(letter.event, findings.rejected, findings.windows);
                             }
                             return true;
                           });
}

// One event a source, late enough to end all windows, in one beat of the real engine.
Result<void> close_windows(Engine& engine, IntakeQueue& intake,
                           const std::vector<std::string>& sources, const Options& options) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string device = sources[i] + "-end";
    const std::string payload = "{\"device\": \"" + device + "\", \"seq\": 1, \"ts\": \"" +
                                options.closing_time + "\", \"value\": 0}";
    Message message;
    message.receipt = Receipt{1};
    message.qos = 1;
    message.number = 1;
    message.sender = device;
    message.topic = "plant/a/" + device;
    message.payload = payload;
    message.received = SystemClock().wall();
    MessageBatch batch;
    batch.add(message);
    SourceIntake(intake, i).offer(batch);
  }
  const BeatReport report = TRY(engine.beat());
  if (report.events != sources.size() || !report.has_committed)
    return Error{ErrorKind::corrupt, "the engine did not commit the closing events"};
  return {};
}

Result<void> examine(LmdbStore& store, const Options& options, Findings& findings) {
  FrameCodec codec;
  const auto epoch = TRY(last_epoch(store, codec));
  const std::string store_id = TRY(read_or_make_store_id(store, codec));
  Head head = TRY(recover_head(store, codec, findings.damaged));
  findings.is_fresh = !epoch;
  if (!epoch) return {};  // read_or_make_store_id() has shown that it takes a commit

  std::string problems;
  auto configuration = read_configuration_text(epoch->configuration, epoch->file_name,
                                               NamedFiles::stored(epoch->files), problems, false);
  if (!configuration) return Error{ErrorKind::bad_config, problems};
  Metrics metrics;
  Assembly assembly = TRY(assemble(*configuration, store_id, &metrics));
  findings.recovery = TRY(recover_into(store, codec, store_id, assembly));
  findings.damaged += findings.recovery.damaged_records;
  std::vector<std::string> sources;
  for (const auto& maker : assembly.makers) sources.push_back(maker->source_name());
  for (const std::string& source : sources)
    TRY(read_source_state(store, codec, source, findings.damaged));

  for (const auto& [lane, state] : head.lanes) {
    TRY(read_lane(store, store_id, lane, state.beyond, state.shipped, state.next, findings,
                  findings.windows));
  }
  TRY(read_journal(store, codec, store_id, findings));
  TRY(read_letters(store, codec, store_id, head.first_dead_letter, findings));

  const SystemClock clock;
  IntakeQueue intake{IntakeBounds{}};
  OutboxBorder border;
  EngineConfig config = engine_config(*configuration);
  config.epoch = epoch->number;
  config.snapshot_block = findings.recovery.snapshot_block;
  const Head before = head;
  Engine engine(EngineContext{store, clock, metrics, intake, border}, std::move(config), store_id,
                std::move(head), std::move(assembly.graph),
                engine_sources(std::move(assembly.makers)));
  TRY(engine.recall_repeats());
  TRY(close_windows(engine, intake, sources, options));
  const Head after = engine.head();
  for (const auto& [lane, state] : after.lanes) {
    const auto old = before.lanes.find(lane);
    TRY(read_lane(store, store_id, lane, {}, old == before.lanes.end() ? 1 : old->second.next,
                  state.next, findings, findings.closing));
  }
  return {};
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + "\"";
}

// {"m0": [[first, last], ...]}
std::string intervals(Sequences& sequences) {
  std::string out = "{";
  for (auto& [device, all] : sequences) {
    std::ranges::sort(all);
    out += (out.size() > 1 ? ", " : "") + json_text(device) + ": [";
    for (std::size_t from = 0, to = 0; from < all.size(); from = to) {
      while (++to < all.size() && all[to] == all[to - 1] + 1) continue;
      out += (from > 0 ? ", [" : "[") + std::to_string(all[from]) + ", " +
             std::to_string(all[to - 1]) + "]";
    }
    out += "]";
  }
  return out + "}";
}

std::string array(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) out += (out.size() > 1 ? "," : "") + value;
  return out + "]";
}

void print(std::string_view directory, Findings& findings) {
  std::cout << "{\"directory\": " << json_text(directory)
            << ", \"error\": " << json_text(findings.error)
            << ", \"moved_aside\": " << json_text(findings.moved_aside)
            << ", \"fresh\": " << (findings.is_fresh ? "true" : "false")
            << ", \"damaged\": " << findings.damaged
            << ", \"differences\": " << findings.recovery.differences
            << ", \"snapshot\": " << findings.recovery.snapshot_block
            << ", \"replayed\": " << findings.recovery.replayed_blocks
            << ", \"journal\": " << findings.journal_blocks
            << ", \"pending_events\": " << findings.pending_events
            << ", \"pending\": " << intervals(findings.pending)
            << ", \"undecodable\": " << intervals(findings.undecodable)
            << ", \"rejected\": " << intervals(findings.rejected)
            << ", \"windows\": " << array(findings.windows)
            << ", \"closing\": " << array(findings.closing) << "}" << std::endl;
}

Findings check(const std::string& directory, const Options& options) {
  Findings findings;
  auto store = LmdbStore::open(directory, {options.max_bytes});
  if (!store) {
    findings.error = "open: " + store.error().message;
    return findings;
  }
  findings.moved_aside = (*store)->moved_aside();
  if (const auto done = examine(**store, options, findings); !done)
    findings.error = done.error().message;
  return findings;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: crash_state_check CLOSING_TIME MAX_BYTES < directories\n";
    return 2;
  }
  const sluice::Options options{argv[1], std::stoull(argv[2])};
  for (std::string directory; std::getline(std::cin, directory);) {
    sluice::Findings findings = sluice::check(directory, options);
    sluice::print(directory, findings);
  }
  return 0;
}
