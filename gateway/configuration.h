// Configuration: a sluice.toml, read and checked completely, ready to be run.
//
//   Document --read_configuration--> Configuration (sources, steps, sinks as objects or plans)
//
// All faults of a file are in the document's diagnostics at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/fields.h"
#include "config/units.h"
#include "drivers/sink.h"
#include "drivers/source.h"
#include "gateway/batch_cutter.h"
#include "gateway/event_maker.h"
#include "gateway/named_files.h"
#include "gateway/retention_policy.h"
#include "pipelines/graph.h"

namespace sluice {

struct GatewaySection {
  std::string name = "gateway";
  std::uint64_t expression_budget = ExpressionBudget::by_default;
};
void describe(Fields<GatewaySection>& fields);

struct SnapshotSection {
  Duration max_replay = std::chrono::seconds(2);
};
void describe(Fields<SnapshotSection>& fields);

struct JournalSection {
  Duration retain{0};
};
void describe(Fields<JournalSection>& fields);

// Keys of 32 bytes, or 64 hexadecimal digits.
struct EncryptionSection {
  Secret key;  // unset: not encrypted
  std::vector<Secret> previous;
};
void describe(Fields<EncryptionSection>& fields);

enum class NewerStore : std::uint8_t { refuse, set_aside };
std::span<const EnumName<NewerStore>> enum_names(NewerStore);

struct StorageSection {
  std::string path;
  ByteSize max_size = ByteSize::gib(1);
  double high_water = 90;  // per cent of max_size
  double low_water = 85;
  std::optional<Duration> max_age;
  JournalSection journal;
  NewerStore newer_store = NewerStore::refuse;
  EncryptionSection encryption;
  std::string flash_budget;  // "5GiB/day"; empty: none
  std::int64_t flash_cycles = 3'000;
  Duration commit_interval = std::chrono::milliseconds(200);
  std::int64_t commit_events = 500;
  ByteSize commit_bytes = ByteSize::kib(256);
  double eager_commits = 5;
  std::int64_t eager_burst = 50;
  SnapshotSection snapshot;

  // The configured path, else $STATE_DIRECTORY, else /var/lib/sluice.
  std::string resolved_path() const;
  // Of flash_budget; 0: none.
  std::uint64_t flash_budget_per_day() const;
};
void describe(Fields<StorageSection>& fields);
// "5GiB/day", "200MiB/hour" in bytes a day.
//   bad_config  it is no such text
Result<std::uint64_t> parse_bytes_per_day(std::string_view text);

struct AdminSection {
  std::string socket;
  std::string listen = "127.0.0.1:9470";

  // The configured socket, else $RUNTIME_DIRECTORY/admin.sock, else /run/sluice/admin.sock.
  std::string resolved_socket() const;
};
void describe(Fields<AdminSection>& fields);

struct LogSection {
  std::string level = "info";
};
void describe(Fields<LogSection>& fields);

// --- What the sections of components become ---

// Makes the driver; called when the gateway starts, and again after it could not.
using MakeSource = std::function<Result<std::unique_ptr<Source>>(const SourceContext&)>;
using MakeSink = std::function<Result<std::unique_ptr<Sink>>(const Clock&)>;

struct SourcePlan {
  std::string name;
  std::string type;
  WatermarkConfig watermark;
  std::unique_ptr<Decoder> decoder;
  EventMapping mapping;
  MakeSource make;
};

struct SinkPlan {
  std::string name;
  std::string type;
  BatchConfig batch;
  RetentionPolicy retention;
  MakeSink make;
};

struct Configuration {
  GatewaySection gateway;
  StorageSection storage;
  AdminSection admin;
  LogSection log;
  std::vector<SourcePlan> sources;       // sorted by name
  std::vector<SinkPlan> sinks;           // sorted by name
  std::vector<PipelineSetup> pipelines;  // sorted by name
  std::string text;
  std::string file_name;
  std::vector<EpochFile> files;  // that it names, as they were read
};

// Reads all of the document. Nothing when it has errors; they are in its diagnostics. Files that it
// names are taken from `files`, or from the disk beside it.
std::optional<Configuration> read_configuration(Document& document, NamedFiles files);
std::optional<Configuration> read_configuration(Document& document);

// Where a box's store and admin socket are by its file, whatever else is wrong with the file or
// with what it names; what cannot be read is as by default.
struct BoxSections {
  StorageSection storage;
  AdminSection admin;
};
BoxSections read_box_sections(const std::string& file_name);

// Parses and reads a text. On failure `diagnostics` has all errors, a line each, with their source
// lines when `with_source`.
std::optional<Configuration> read_configuration_text(std::string_view text,
                                                     const std::string& file_name, NamedFiles files,
                                                     std::string& diagnostics, bool with_source);
std::optional<Configuration> read_configuration_text(std::string_view text,
                                                     const std::string& file_name,
                                                     std::string& diagnostics, bool with_source);

}  // namespace sluice
