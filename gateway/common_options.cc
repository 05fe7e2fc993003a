#include "gateway/common_options.h"

#include <array>

namespace sluice {
using namespace std::chrono_literals;

namespace {

// Names become parts of ids, metrics and sources: plain words.
Result<void> check_name(const std::string& name) {
  const bool is_plain =
      !name.empty() && name.size() <= 64 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
          std::string::npos;
  if (is_plain) return {};
  return Error{ErrorKind::bad_config, "'" + name + "' must be 1 to 64 letters, digits, '-' or '_'"};
}

// The store is mapped as a whole.
Result<void> check_store_size(const ByteSize& size) {
  if (sizeof(void*) > 4 || size <= ByteSize::gib(1)) return {};
  return Error{ErrorKind::bad_config, "a 32-bit system cannot have a store of more than 1GiB"};
}

Result<void> check_flash_budget(const std::string& text) {
  if (text.empty()) return {};
  TRY(parse_bytes_per_day(text));
  return {};
}

}  // namespace

void describe(Fields<GatewaySection>& fields) {
  fields.optional("name", &GatewaySection::name, "The box's name; part of each event's source.")
      .checked_by(check_name, "letters, digits, '-' and '_'")
      .optional("expression_budget", &GatewaySection::expression_budget,
                "What one evaluation of an expression may cost: turns of loops, and some 64 bytes "
                "each of memory and of text that is read. Beyond it the event fails.")
      .between(1'000, 1'000'000'000);
}

void describe(Fields<SnapshotSection>& fields) {
  fields
      .optional("max_replay", &SnapshotSection::max_replay,
                "A snapshot of all windows is due when replaying the journal would take longer "
                "than this.")
      .between(1ms, 10min);
}

void describe(Fields<JournalSection>& fields) {
  fields
      .optional("retain", &JournalSection::retain,
                "So long received events stay in the journal after they are needed, for `sluice "
                "replay` and `sluice buffer replay`; less when the store is full. 0s: not at all.")
      .at_least(Duration{0});
}

void describe(Fields<EncryptionSection>& fields) {
  fields
      .optional("key", &EncryptionSection::key,
                "AES-256 key of the store: 32 bytes or 64 hexadecimal digits, best as "
                "`{ credential = \"store-key\" }` or `{ file = \"/etc/sluice/store.key\" }`. An "
                "unencrypted store becomes encrypted while it runs.")
      .optional("previous", &EncryptionSection::previous,
                "Keys of before: to change the key, move the old one here. The log and `sluice "
                "status` say when it is not needed any more.");
}

std::span<const EnumName<NewerStore>> enum_names(NewerStore) {
  static constexpr std::array<EnumName<NewerStore>, 2> names{
      {{"refuse", NewerStore::refuse}, {"set_aside", NewerStore::set_aside}}};
  return names;
}

void describe(Fields<StorageSection>& fields) {
  fields.optional("path", &StorageSection::path, "Directory of the store, on a local disk.")
      .default_shown_as("$STATE_DIRECTORY, else /var/lib/sluice")
      .optional("max_size", &StorageSection::max_size,
                "How large the store may grow. When it is full each sink's `when_full` decides.")
      .at_least(ByteSize::mib(4))
      .checked_by(check_store_size)
      .optional("high_water", &StorageSection::high_water,
                "The store counts as full at so many per cent of `max_size`,")
      .between(50.0, 98.0)
      .optional("low_water", &StorageSection::low_water,
                "and has room again at so many; policies make room down to here.")
      .between(10.0, 97.0)
      .optional("max_age", &StorageSection::max_age,
                "Events that have waited longer than this for their sink are dropped, with a gap "
                "record in their place; without it none is. A sink may set its own.")
      .at_least(1s)
      .optional("journal", &StorageSection::journal, "How long received events stay for replay.")
      .optional("newer_store", &StorageSection::newer_store,
                "When a newer version wrote the store: do not start, or set it aside and begin a "
                "new one.")
      .optional("encryption", &StorageSection::encryption,
                "Everything in the store is sealed with AES-256-GCM.")
      .optional(
          "flash_budget", &StorageSection::flash_budget,
          "How much the gateway may write, \"5GiB/day\", by the kernel's account. When more "
          "would be written commits go further apart, up to 5s, and devices wait that long for "
          "their acknowledgement. Empty: no budget.")
      .checked_by(check_flash_budget, "a size a day or hour")
      .optional("flash_cycles", &StorageSection::flash_cycles,
                "How often the disk's flash can be written over, for the years in `sluice status`.")
      .between(100, 1'000'000)
      .optional("commit_interval", &StorageSection::commit_interval,
                "How long an event may wait for company before it is committed and acknowledged, "
                "once the eager commits are used up.")
      .between(1ms, 1min)
      .optional("commit_events", &StorageSection::commit_events,
                "As many messages are committed at once.")
      .between(1, 8'192)
      .optional("commit_bytes", &StorageSection::commit_bytes,
                "As many bytes are committed at once.")
      .between(ByteSize::kib(1), ByteSize::mib(4))
      .optional("eager_commits", &StorageSection::eager_commits,
                "Commits a second that do not wait for company.")
      .between(0.0, 10'000.0)
      .optional("eager_burst", &StorageSection::eager_burst, "Eager commits that may be saved up.")
      .between(1, 100'000)
      .optional("snapshot", &StorageSection::snapshot, "When the state of windows is saved.")
      .ensure([](const StorageSection& s) { return s.low_water < s.high_water; },
              "low_water must be below high_water");
}

void describe(Fields<AdminSection>& fields) {
  fields
      .optional("socket", &AdminSection::socket,
                "Unix socket for `sluice status` and the other tools.")
      .default_shown_as("$RUNTIME_DIRECTORY/admin.sock, else /run/sluice/admin.sock")
      .optional(
          "listen", &AdminSection::listen,
          "HOST:PORT for /metrics, /healthz, /readyz and /status (reads alone); empty: none.");
}

void describe(Fields<LogSection>& fields) {
  fields.optional("level", &LogSection::level, "What is logged.")
      .one_of({"debug", "info", "warning", "error"});
}

void describe(Fields<RootSection>& fields) {
  fields.optional("gateway", &RootSection::gateway, "The box.")
      .optional("storage", &RootSection::storage, "The durable store.")
      .optional("admin", &RootSection::admin, "How tools and monitoring reach the gateway.")
      .optional("log", &RootSection::log, "What is logged, to stderr.")
      .optional("sources", &RootSection::sources, "Where messages come from.")
      .optional("pipelines", &RootSection::pipelines, "What happens to events, and where they go.")
      .optional("sinks", &RootSection::sinks, "Where events go.");
}

void describe(Fields<EventSection>& fields) {
  fields
      .optional("id", &EventSection::id,
                "The sender's own unique id; a second event with it is a repeat and is dropped.")
      .optional("type", &EventSection::type, "The event's type; without it \"sluice.event\".")
      .optional("subject", &EventSection::subject, "What the event is about: a device, a machine.")
      .optional("time", &EventSection::time,
                "When it happened, as a timestamp; without it the time of receipt, and the box's "
                "clock ends windows though nothing comes.");
}

void describe(Fields<WatermarkSection>& fields) {
  fields
      .optional("out_of_order", &WatermarkSection::out_of_order,
                "How much older than the newest event an event may be and still be on time.")
      .at_least(Duration{0})
      .optional(
          "idle_timeout", &WatermarkSection::idle_timeout,
          "A source that is silent for this long does not hold others back; 0s: it always does.")
      .at_least(Duration{0})
      .optional("max_ahead", &WatermarkSection::max_ahead,
                "How far a time stamp in the future moves the watermark beyond its receipt.")
      .at_least(Duration{0})
      .optional(
          "idle_advance", &WatermarkSection::idle_advance,
          "When the source is silent for this long its event time moves on with the clock, so "
          "that windows end though nothing comes; without it only events move it.")
      .at_least(Duration{0});
}

void describe(Fields<DecoderSection>& fields) {
  fields
      .optional("array", &DecoderSection::array,
                "json: an array at the top is one event, or an event per element.")
      .one_of({"whole", "split"})
      .optional("events", &DecoderSection::events, "senml: an event per record, or per pack.")
      .one_of({"record", "pack"})
      .optional("names", &DecoderSection::names,
                "senml: names as in RFC 8428, or with a leading '/' as LwM2M writes them.")
      .one_of({"rfc8428", "lwm2m"});
}

void describe(Fields<SourceSection>& fields) {
  fields
      .optional("decode", &SourceSection::decode,
                "How payloads are read: \"json\", \"senml\", \"cbor\" or \"text\", or a table with "
                "`type` and its options.")
      .optional("event", &SourceSection::event, "Expressions that set the event's attributes.")
      .optional("watermark", &SourceSection::watermark, "How event time moves on.");
}

void describe(Fields<BatchSection>& fields) {
  fields
      .optional("max_events", &BatchSection::max_events,
                "A batch is sent when it holds this many events,")
      .between(1, 100'000)
      .optional("max_bytes", &BatchSection::max_bytes, "or this many bytes before compression,")
      .between(ByteSize::kib(1), ByteSize::mib(16))
      .optional("max_age", &BatchSection::max_age, "or when its oldest event has waited this long.")
      .between(Duration{0}, 1h);
}

std::span<const EnumName<Compression>> enum_names(Compression) {
  static constexpr std::array<EnumName<Compression>, 2> names{
      {{"none", Compression::none}, {"zstd", Compression::zstd}}};
  return names;
}

std::span<const EnumName<BatchFormat>> enum_names(BatchFormat) {
  static constexpr std::array<EnumName<BatchFormat>, 2> names{
      {{"ndjson", BatchFormat::ndjson}, {"cloudevents-batch", BatchFormat::cloudevents_batch}}};
  return names;
}

std::span<const EnumName<WhenStoreFull>> enum_names(WhenStoreFull) {
  static constexpr std::array<EnumName<WhenStoreFull>, 3> names{
      {{"block", WhenStoreFull::block},
       {"drop_oldest", WhenStoreFull::drop_oldest},
       {"summarise", WhenStoreFull::summarise}}};
  return names;
}

void describe(Fields<SummarySection>& fields) {
  fields.optional("window", &SummarySection::window, "Events of so long become one per key,")
      .between(1s, 24h)
      .optional("older_than", &SummarySection::older_than, "once they have waited this long.")
      .at_least(Duration{0});
}

void describe(Fields<SinkSection>& fields) {
  fields
      .optional(
          "when_full", &SinkSection::when_full,
          "When the store is full: its sources wait and nothing is lost, or the oldest events "
          "go, or they are replaced by summaries. What goes leaves a gap event "
          "(`sluice.gap`) in its place, and is counted.")
      .optional("max_age", &SinkSection::max_age,
                "Events that have waited longer than this are dropped, with a gap event in their "
                "place; without it `storage.max_age` holds.")
      .at_least(1s)
      .optional("summarise", &SinkSection::summarise,
                "For `when_full = \"summarise\"`: coarser with age. The key is source, type and "
                "subject; of each number the count, mean, min, max, sum and last stay.")
      .default_shown_as("1m at once, 15m after 6h, 1h after 2d")
      .optional("batch", &SinkSection::batch, "When a batch is sent.")
      .optional("compression", &SinkSection::compression, "How a batch is compressed.")
      .optional("format", &SinkSection::format,
                "CloudEvents as lines of JSON, or as one JSON array.");
}

void describe(Fields<PipelineSection>& fields) {
  fields
      .required("from", &PipelineSection::from,
                "Sources, other pipelines, or a step's named output \"PIPELINE.OUTPUT\".")
      .not_empty()
      .optional("to", &PipelineSection::to, "Sinks.")
      .optional("priority", &PipelineSection::priority, "0 goes upstream first, 7 last.")
      .between(0, 7)
      .optional("steps", &PipelineSection::steps, "What happens to each event, in order.");
}

std::span<const EnumName<OnError>> enum_names(OnError) {
  static constexpr std::array<EnumName<OnError>, 3> names{
      {{"dead_letter", OnError::dead_letter}, {"drop", OnError::drop}, {"pass", OnError::pass}}};
  return names;
}

void describe(Fields<StepSection>& fields) {
  fields
      .optional("name", &StepSection::name,
                "The step's name in status, metrics and its saved state; without it its kind and "
                "number, \"window#1\".")
      .optional("on_error", &StepSection::on_error,
                "What becomes of an event on which an expression fails.");
}

}  // namespace sluice
