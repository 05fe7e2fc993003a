// sluice buffer stat, peek, export, verify; dead-letters list, show: they read.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <thread>

#include "core/progress.h"
#include "core/span_text.h"
#include "drivers/codecs/cloudevents.h"
#include "gateway/backlog.h"
#include "gateway/buffer/edit.h"
#include "gateway/buffer/verify.h"
#include "gateway/cli/buffer.h"
#include "gateway/cli/print.h"
#include "gateway/screen_text.h"
#include "storage/journal.h"

namespace sluice {
namespace {

constexpr auto follow_interval = std::chrono::milliseconds(200);
constexpr std::size_t reason_width = 60;

struct SinkStat {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::optional<Duration> oldest;
  std::optional<Duration> full_in;
};

std::string json_seconds(const std::optional<Duration>& span) {
  if (!span) return "null";
  return std::to_string(*span / std::chrono::seconds(1));
}

Result<std::map<std::string, SinkStat>> stat_sinks(const Store& store, const Head& head,
                                                   const StorageSection& storage) {
  std::map<std::string, SinkStat> stats;
  FrameCodec codec;
  const Timestamp now = SystemClock().wall();
  const StoreUsage usage = store.usage();
  const double room = storage.high_water / 100 * static_cast<double>(storage.max_size.bytes()) -
                      static_cast<double>(usage.used_bytes);
  for (const auto& [name, number] : head.sinks) {
    SinkStat& stat = stats[name];
    for (const auto& [lane, state] : head.lanes) {
      if (lane.sink != number) continue;
      const Backlog backlog = TRY(measure_backlog(store, codec, lane, state));
      stat.events += backlog.events;
      stat.bytes += backlog.bytes;
      if (!backlog.oldest) continue;
      const Duration age = age_of(*backlog.oldest, now, head.engine_time);
      stat.oldest = std::max(stat.oldest.value_or(Duration{0}), age);
    }
    // What has come since the oldest waits has filled so much.
    if (stat.oldest && *stat.oldest > std::chrono::minutes(1) && stat.bytes > 0) {
      const double rate =
          static_cast<double>(stat.bytes) / std::chrono::duration<double>(*stat.oldest).count();
      stat.full_in = std::chrono::duration_cast<Duration>(
          std::chrono::duration<double>(std::max(0.0, room) / rate));
    }
  }
  return stats;
}

struct JournalStat {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<Duration> oldest;
};

Result<JournalStat> stat_journal(const Store& store, const Head& head) {
  JournalStat stat;
  FrameCodec codec;
  const auto first = TRY(next_journal(store, codec, 0));
  if (!first) return stat;
  stat.first = first->block;
  stat.last = head.next_block - 1;
  if (const auto header = decode_block_header(first->raw))
    stat.oldest = age_of(*header, SystemClock().wall(), head.engine_time);
  return stat;
}

std::string stat_json(const StoreUsage& usage, const StorageSection& storage,
                      const std::map<std::string, SinkStat>& sinks, const JournalStat& journal,
                      std::uint64_t letters) {
  std::string out = "{\"used_bytes\":" + std::to_string(usage.used_bytes) +
                    ",\"file_bytes\":" + std::to_string(usage.file_bytes) +
                    ",\"max_bytes\":" + std::to_string(storage.max_size.bytes()) + ",\"sinks\":[";
  for (const auto& [name, stat] : sinks) {
    if (out.back() != '[') out += ',';
    out += "{\"name\":";
    append_json_string(out, name);
    out += ",\"events\":" + std::to_string(stat.events) +
           ",\"bytes\":" + std::to_string(stat.bytes) +
           ",\"oldest_seconds\":" + json_seconds(stat.oldest) +
           ",\"full_in_seconds\":" + json_seconds(stat.full_in) + "}";
  }
  return out + "],\"journal\":{\"first_block\":" + std::to_string(journal.first) +
         ",\"last_block\":" + std::to_string(journal.last) +
         ",\"oldest_seconds\":" + json_seconds(journal.oldest) +
         "},\"dead_letters\":" + std::to_string(letters) + "}\n";
}

std::string span_or_dash(const std::optional<Duration>& span) {
  return span ? span_text(*span) : "-";
}

Result<std::string> stat_text(const BufferOptions& options) {
  const StorageSection storage = storage_of(options);
  const OpenStore store = TRY(open_store_read_only(storage));
  const StoredEvents events = TRY(StoredEvents::open(store.get()));
  const Head& head = events.head();
  const StoreUsage usage = store.get().usage();
  const auto sinks = TRY(stat_sinks(store.get(), head, storage));
  const JournalStat journal = TRY(stat_journal(store.get(), head));
  const std::uint64_t letters =
      head.next_dead_letter - head.first_dead_letter - head.retired_dead_letters;
  if (options.tool.is_json) return stat_json(usage, storage, sinks, journal, letters);
  std::string out = "store " + storage.resolved_path() + ": " + bytes_text(usage.used_bytes) +
                    " used of " + bytes_text(storage.max_size.bytes()) + ", the file has " +
                    bytes_text(usage.file_bytes) + "\n\n";
  out += fit_left("SINK", 16) + fit_right("waiting", 14) + fit_right("in store", 12) +
         fit_right("oldest", 10) + "   at this rate full in\n";
  for (const auto& [name, stat] : sinks) {
    out += fit_left(name, 16) + fit_right(count_text(stat.events, 14), 14) +
           fit_right(bytes_text(stat.bytes), 12) + fit_right(span_or_dash(stat.oldest), 10) +
           "   " + span_or_dash(stat.full_in) + "\n";
  }
  if (sinks.empty()) out += "(nothing has been sent anywhere yet)\n";
  if (journal.last > 0) {
    out += "\njournal: blocks " + std::to_string(journal.first) + " to " +
           std::to_string(journal.last) + ", oldest " + span_or_dash(journal.oldest) + "\n";
  }
  if (letters > 0)
    out += "\n" + count_of(letters, "dead letter") + ": sluice buffer dead-letters list\n";
  return out;
}

// Visits what the options choose, of one sink, of all, or of the journal.
Result<std::uint64_t> visit_chosen(const BufferOptions& options, StoredEvents& events,
                                   const StoredEvents::Visit& visit) {
  Selection selection = TRY(selection_of(options));
  std::uint64_t count = 0;
  const auto counting = [&](const StoredEvent& event) {
    ++count;
    return visit(event);
  };
  if (options.is_journal || !options.sink.empty()) {
    TRY(events.visit(selection, counting));
    return count;
  }
  const Head head = events.head();
  for (const auto& [name, number] : head.sinks) {
    selection.sink = name;
    if (options.limit > 0 && count >= options.limit) break;
    if (options.limit > 0) selection.limit = options.limit - count;
    if (last_lane_of(head, name)) TRY(events.visit(selection, counting));
  }
  return count;
}

Result<std::uint64_t> write_events(const BufferOptions& options, const std::string& file) {
  const OpenStore store = TRY(open_store_read_only(storage_of(options)));
  StoredEvents events = TRY(StoredEvents::open(store.get()));
  EventWriter writer = TRY(EventWriter::open(file));
  Progress progress("export");
  std::uint64_t written = 0;
  std::optional<Error> failure;
  const auto write = [&](const StoredEvent& event) {
    if (auto done = writer.write(event.event); !done) failure = done.error();
    if (file != "-") progress.show_count(count_text(++written) + " events");
    return !failure;
  };
  std::uint64_t count = TRY(visit_chosen(options, events, write));
  if (failure) return *failure;
  TRY(writer.flush());
  while (options.is_followed) {
    std::this_thread::sleep_for(follow_interval);
    count += TRY(visit_chosen(options, events, write));
    if (failure) return *failure;
    TRY(writer.flush());
  }
  if (events.damaged() > 0)
    print(stderr, "sluice: " + count_of(events.damaged(), "damaged record") +
                      " passed over: sluice buffer verify\n");
  return count;
}

Result<void> visit_letters(
    const BufferOptions& options,
    const std::function<bool(const DeadLetter&, const BlockHeader&)>& visit) {
  const OpenStore store = TRY(open_store_read_only(storage_of(options)));
  const StoredEvents events = TRY(StoredEvents::open(store.get()));
  FrameCodec codec;
  std::uint64_t damaged = 0;
  return read_dead_letters(store.get(), codec, events.store_id(), events.head().first_dead_letter,
                           damaged, visit);
}

std::string letter_json(const DeadLetter& letter) {
  std::string out = "{\"number\":" + std::to_string(letter.number) + ",\"stage\":";
  append_json_string(out, letter.stage);
  out += ",\"reason\":";
  append_json_string(out, letter.reason);
  out += ",\"source\":";
  append_json_string(out, letter.event.source_name);
  out += ",\"sender\":";
  append_json_string(out, letter.event.sender);
  out += ",\"topic\":";
  append_json_string(out, letter.event.topic);
  out += ",\"received\":\"" + format_timestamp(letter.event.received) + "\",\"payload\":";
  const std::string payload =
      is_utf8(letter.event.payload) ? std::string(letter.event.payload) : "";
  append_json_string(out, payload);
  if (payload.empty() && !letter.event.payload.empty()) {
    out += ",\"payload_base64\":\"";
    append_base64(out, letter.event.payload);
    out += '"';
  }
  return out + "}\n";
}

std::string letter_text(const DeadLetter& letter) {
  const Event& event = letter.event;
  return "dead letter " + std::to_string(letter.number) + "\n  where    " +
         on_one_line(letter.stage) + "\n  reason   " + on_one_line(letter.reason) +
         "\n  received " + format_timestamp(event.received) + "\n  source   " +
         on_one_line(event.source_name) + "\n  sender   " + on_one_line(event.sender) +
         "\n  topic    " + on_one_line(event.topic) + "\n  payload  " + on_one_line(event.payload) +
         "\n";
}

}  // namespace

int buffer_stat_command(const BufferOptions& options) {
  const auto text = stat_text(options);
  if (!text) return fail(text.error());
  print(stdout, *text);
  return exit_ok;
}

int buffer_peek_command(const BufferOptions& given) {
  BufferOptions options = given;
  if (options.limit == 0 && !options.is_followed && isatty(STDOUT_FILENO) == 1) options.limit = 10;
  const auto count = write_events(options, "-");
  if (!count) return fail(count.error());
  if (*count == 0 && isatty(STDERR_FILENO) == 1) print(stderr, "no such event is in the store\n");
  return exit_ok;
}

int buffer_export_command(const BufferOptions& options) {
  const auto count = write_events(options, options.output);
  if (!count) return fail(count.error());
  if (options.output != "-")
    print(stdout, count_text(*count) + " events are in " + options.output + "\n");
  return exit_ok;
}

int buffer_verify_command(const BufferOptions& options) {
  const auto store = open_store_read_only(storage_of(options));
  if (!store) return fail(store.error());
  Result<VerifyReport> report = VerifyReport{};
  {
    Progress progress("verify");
    report = verify_store(*store->file, store->get(), [&](double share) { progress.show(share); });
  }
  if (!report) return fail(report.error());
  if (options.tool.is_json) {
    print(stdout, verify_json(*report) + "\n");
    return report->is_good() ? exit_ok : exit_failed;
  }
  for (const auto& [name, count] : report->kinds) {
    print(stdout, fit_left(name, 16) + fit_right(count_text(count.records), 14) + " records " +
                      fit_right(bytes_text(count.bytes), 12) + "\n");
  }
  if (report->fault) print(stdout, "DAMAGED: the file's structure: " + *report->fault + "\n");
  for (const DamagedRecord& damaged : report->damaged)
    print(stdout, "DAMAGED: " + damaged.name + ": " + damaged.reason + "\n");
  print(stdout, report->is_good() ? "everything is whole\n"
                                  : "stop the gateway, then: sluice buffer repair; what is whole "
                                    "stays, what is damaged is kept in quarantine\n");
  return report->is_good() ? exit_ok : exit_failed;
}

int letters_list_command(const BufferOptions& options) {
  std::uint64_t count = 0;
  const auto done = visit_letters(options, [&](const DeadLetter& letter,
                                               const BlockHeader& header) {
    if (options.tool.is_json) {
      print(stdout, letter_json(letter));
    } else {
      if (count == 0)
        print(stdout, fit_right("NUMBER", 9) + "  " + fit_left("RECEIVED", 21) +
                          fit_left("WHERE", 28) + "REASON\n");
      print(stdout, fit_right(std::to_string(letter.number), 9) + "  " +
                        fit_left(format_timestamp(std::chrono::floor<std::chrono::seconds>(
                                     letter.event.received == Timestamp{} ? header.wall
                                                                          : letter.event.received)),
                                 21) +
                        fit_left(on_one_line(letter.stage), 27) + " " +
                        fit_left(on_one_line(letter.reason), reason_width) + "\n");
    }
    return ++count != options.limit || options.limit == 0;
  });
  if (!done) return fail(done.error());
  if (count == 0 && !options.tool.is_json) print(stdout, "there are no dead letters\n");
  return exit_ok;
}

int letters_show_command(const BufferOptions& options) {
  const auto choice = parse_letter_choice(options.letters);
  if (!choice) return fail(choice.error());
  std::uint64_t count = 0;
  const auto done = visit_letters(options, [&](const DeadLetter& letter, const BlockHeader&) {
    if (!choice->has(letter.number)) return true;
    ++count;
    print(stdout, options.tool.is_json ? letter_json(letter) : letter_text(letter));
    return true;
  });
  if (!done) return fail(done.error());
  if (count > 0) return exit_ok;
  print(stderr, "sluice: there is no such dead letter; sluice buffer dead-letters list\n");
  return exit_failed;
}

}  // namespace sluice
