#include "gateway/replay/replay.h"

#include <algorithm>

#include "gateway/screen_text.h"
#include "storage/epochs.h"
#include "storage/frame.h"
#include "storage/head.h"

namespace sluice {
namespace {

// "1 block", "12,345 blocks".
std::string blocks_text(std::uint64_t count) {
  return count_text(count) + (count == 1 ? " block" : " blocks");
}

Error nothing_recorded(const ReplayRange& range, const WalkReport& walk) {
  std::string text = "nothing is recorded";
  if (range.since) text += " since " + format_timestamp(*range.since);
  if (range.until) text += " until " + format_timestamp(*range.until);
  if (walk.oldest) {
    text += "; the journal reaches from " + format_timestamp(*walk.oldest) + " to " +
            format_timestamp(*walk.newest);
  }
  if (walk.damaged > 0) text += "; " + blocks_text(walk.damaged) + " cannot be read";
  return {
      ErrorKind::bad_input,
      text + ": set [storage.journal] retain = \"24h\" for the gateway to keep what it takes in"};
}

bool is_wanted(const ReplayRequest& request, const ReplaySide::Output& output) {
  return request.pipeline.empty() || output.pipeline == request.pipeline;
}

Result<void> check_pipeline(const ReplayRequest& request,
                            const std::vector<const Configuration*>& configurations) {
  if (request.pipeline.empty()) return {};
  for (const Configuration* configuration : configurations) {
    if (std::ranges::find(configuration->pipelines, request.pipeline, &PipelineSetup::name) !=
        configuration->pipelines.end())
      return {};
  }
  return Error{ErrorKind::bad_input, "there is no pipeline '" + request.pipeline + "'"};
}

// The configuration that was in force, as the store has it.
Result<Configuration> read_before(const Epoch& epoch) {
  std::string problems;
  auto before = read_configuration_text(epoch.configuration, epoch.file_name,
                                        NamedFiles::stored(epoch.files), problems, false);
  if (before) return std::move(*before);
  return Error{ErrorKind::bad_config,
               "the configuration that was in force cannot be read by this version: " +
                   problems.substr(0, problems.find('\n'))};
}

std::string text_of(const std::optional<Expression>& expression) {
  return expression ? expression->text() : std::string();
}

bool is_same_mapping(const EventMapping& a, const EventMapping& b) {
  return text_of(a.id) == text_of(b.id) && text_of(a.type) == text_of(b.type) &&
         text_of(a.subject) == text_of(b.subject) && text_of(a.time) == text_of(b.time);
}

// What the replay cannot show of two configurations.
std::vector<std::string> notes_on(const Configuration& before, const Configuration& after) {
  std::vector<std::string> notes;
  if (before.storage.journal.retain <= Duration{0}) {
    notes.push_back(
        "storage.journal.retain is not set: recorded are only sources that feed steps with state, "
        "and not for long");
  }
  for (const SourcePlan& source : after.sources) {
    const auto old = std::ranges::find(before.sources, source.name, &SourcePlan::name);
    if (old == before.sources.end()) {
      notes.push_back("source '" + source.name + "' is new: nothing was recorded of it");
    } else if (!is_same_mapping(old->mapping, source.mapping)) {
      notes.push_back("source '" + source.name +
                      "' maps other attributes (event = ..): the recorded events keep theirs");
    }
  }
  for (const SourcePlan& source : before.sources) {
    if (std::ranges::find(after.sources, source.name, &SourcePlan::name) == after.sources.end())
      notes.push_back("source '" + source.name + "' is gone: its events go nowhere");
  }
  return notes;
}

std::string note_on_epochs(const std::map<std::uint32_t, std::uint64_t>& blocks,
                           const Epoch& epoch) {
  std::string text = "the range has blocks of " + count_of(blocks.size(), "configuration") + ": ";
  bool is_first = true;
  for (const auto& [number, count] : blocks) {
    if (!is_first) text += ", ";
    is_first = false;
    text += "epoch " + std::to_string(number) + " (" + blocks_text(count) + ")";
  }
  return text + "; all are compared with epoch " + std::to_string(epoch.number);
}

void add_notes_of_run(ReplayReport& report, const std::map<std::uint32_t, std::uint64_t>& epochs,
                      const Epoch& epoch) {
  if (epochs.size() > 1 || (epochs.size() == 1 && !epochs.contains(epoch.number)))
    report.notes.push_back(note_on_epochs(epochs, epoch));
  if (report.not_as_sent > 0) {
    report.notes.push_back(
        count_text(report.not_as_sent) + " of " + blocks_text(report.compared_with_sent) +
        " gave other outputs than were sent: windows that were open at the start of the range "
        "begin anew, on both sides");
  }
  if (report.walk.damaged > 0)
    report.notes.push_back(blocks_text(report.walk.damaged) + " cannot be read");
}

}  // namespace

Result<ReplayReport> replay_and_compare(Store& store, Configuration after,
                                        const ReplayRequest& request) {
  FrameCodec codec;
  const auto epoch = TRY(last_epoch(store, codec));
  if (!epoch) return Error{ErrorKind::bad_input, "no gateway has run with this store yet"};
  Configuration before = TRY(read_before(*epoch));
  TRY(check_pipeline(request, {&before, &after}));
  ReplayReport report;
  report.before_name = epoch->file_name;
  report.before_epoch = epoch->number;
  report.before_since = epoch->began;
  report.after_name = after.file_name;
  report.notes = notes_on(before, after);

  const std::string store_id = TRY(read_or_make_store_id(store, codec));
  const auto before_side = TRY(ReplaySide::make(std::move(before), store_id));
  const auto after_side = TRY(ReplaySide::make(std::move(after), store_id));
  Difference difference;
  const auto add_to = [&](Difference::Side side) -> ReplaySide::Visit {
    return [&difference, &request, side](const ReplaySide::Output& output) {
      if (is_wanted(request, output))
        difference.add(side, output.pipeline, output.sink, output.event);
    };
  };
  const auto add_before = add_to(Difference::Side::before);
  const auto add_after = add_to(Difference::Side::after);
  std::map<std::uint32_t, std::uint64_t> epochs;
  report.walk = TRY(walk_journal(
      store, store_id, request.range,
      [&](const Block& block, Arena& arena) {
        ++epochs[block.header.epoch];
        before_side->run(block, arena, add_before);
        if (block.header.epoch == epoch->number) {
          ++report.compared_with_sent;
          if (!before_side->was_as_sent()) ++report.not_as_sent;
        }
        after_side->run(block, arena, add_after);
      },
      request.progress));
  if (report.walk.blocks == 0) return nothing_recorded(request.range, report.walk);
  report.before_dead_letters = before_side->dead_letters();
  report.after_dead_letters = after_side->dead_letters();
  add_notes_of_run(report, epochs, *epoch);
  report.difference = difference.finish();
  return report;
}

Result<WalkReport> replay_outputs(Store& store, Configuration after, const ReplayRequest& request,
                                  const ReplaySide::Visit& visit) {
  TRY(check_pipeline(request, {&after}));
  FrameCodec codec;
  const std::string store_id = TRY(read_or_make_store_id(store, codec));
  const auto side = TRY(ReplaySide::make(std::move(after), store_id));
  const ReplaySide::Visit visit_wanted = [&](const ReplaySide::Output& output) {
    if (is_wanted(request, output)) visit(output);
  };
  WalkReport walk = TRY(walk_journal(
      store, store_id, request.range,
      [&](const Block& block, Arena& arena) { side->run(block, arena, visit_wanted); },
      request.progress));
  if (walk.blocks == 0) return nothing_recorded(request.range, walk);
  return walk;
}

}  // namespace sluice
