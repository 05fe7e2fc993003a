#include "gateway/recovery.h"

#include <optional>

#include "core/log.h"
#include "gateway/block_replay.h"
#include "gateway/output_digest.h"
#include "storage/journal.h"
#include "storage/keys.h"
#include "storage/snapshots.h"

namespace sluice {
namespace {

constexpr std::size_t slice_bytes = 96 * 1024;

std::optional<std::uint32_t> find_part(const Graph& graph, std::string_view identity,
                                       std::uint64_t config_hash) {
  for (std::uint32_t i = 0; i < graph.parts().size(); ++i) {
    if (graph.parts()[i].identity == identity && graph.parts()[i].config_hash == config_hash)
      return i;
  }
  return std::nullopt;
}

Result<void> load_snapshot_into(const Store& store, FrameCodec& codec, const SnapshotInfo& info,
                                Graph& graph) {
  return load_snapshot(
      store, codec, info, [&](std::uint32_t index, std::string_view bytes) -> Result<void> {
        const StatePart& part = info.parts[index];
        if (const auto here = find_part(graph, part.identity, part.config_hash))
          return graph.load_slice(*here, bytes);
        log_warning("Saved state has no step any more and is dropped", {{"step", part.identity}});
        return {};
      });
}

// Runs one block and compares its outputs with what was committed.
void replay(const Block& block, Graph& graph, const std::vector<EventMaker*>& makers,
            const std::vector<bool>& is_journaled, Arena& arena, GraphOutput& output,
            RecoveryReport& report) {
  const BlockHeader& header = block.header;
  report.replayed_events += replay_block(block, graph, makers, arena, output);
  ++report.replayed_blocks;
  if (output_digest(output, is_journaled) != header.output_digest) {
    if (++report.differences == 1) {
      log_error(
          "Replaying a block gave other outputs than were committed; the state goes on from the "
          "replay",
          {{"block", header.block}});
    }
  }
}

}  // namespace

Result<RecoveryReport> recover_state(const Store& store, FrameCodec& codec,
                                     std::string_view store_id, Graph& graph,
                                     const std::vector<EventMaker*>& makers,
                                     const std::vector<bool>& is_journaled) {
  RecoveryReport report;
  if (const auto snapshot = TRY(find_snapshot(store, codec, report.damaged_records))) {
    if (auto loaded = load_snapshot_into(store, codec, *snapshot, graph); !loaded) {
      if (loaded.error().kind != ErrorKind::corrupt) return std::move(loaded).error();
      ++report.damaged_records;
      log_error("The snapshot is damaged: windows that were open begin anew",
                {{"block", snapshot->block}, {"reason", loaded.error().message}});
    }
    report.snapshot_block = snapshot->block;
  }
  GraphOutput output;
  for (std::uint64_t at = report.snapshot_block + 1;;) {
    const auto entry = TRY(next_journal(store, codec, at));
    if (!entry) break;
    at = entry->block + 1;
    Arena arena(64 * 1024);
    auto block = entry->is_damaged ? Result<Block>(Error{ErrorKind::corrupt, entry->damage})
                                   : decode_block(entry->raw, store_id, arena);
    if (!block) {
      ++report.damaged_records;
      report.damaged_keys.push_back(keys::numbered(keys::journal, entry->block));
      log_error("A journal block is damaged: its events are missing from open windows",
                {{"block", entry->block}, {"reason", block.error().message}});
      continue;
    }
    replay(*block, graph, makers, is_journaled, arena, output, report);
  }
  return report;
}

Result<void> transfer_state(Graph& from, Graph& to, std::vector<std::string>& dropped) {
  std::vector<bool> is_kept;
  for (const Graph::Part& part : from.parts()) {
    is_kept.push_back(find_part(to, part.identity, part.config_hash).has_value());
    if (!is_kept.back()) dropped.push_back(part.identity);
  }
  from.begin_snapshot();
  for (bool is_last = from.parts().empty(); !is_last;) {
    std::uint32_t part = 0;
    std::string bytes;
    is_last = from.save_slice(slice_bytes, part, bytes);
    if (bytes.empty() || !is_kept[part]) continue;
    const Graph::Part& source = from.parts()[part];
    TRY(to.load_slice(*find_part(to, source.identity, source.config_hash), bytes));
  }
  return {};
}

}  // namespace sluice
