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

void describe(Fields<StorageSection>& fields) {
  fields.optional("path", &StorageSection::path, "Directory of the store, on a local disk.")
      .default_shown_as("$STATE_DIRECTORY, else /var/lib/sluice")
      .optional(
          "max_size", &StorageSection::max_size,
          "How large the store may grow. When it is full the sources wait: nothing is dropped.")
      .at_least(ByteSize::mib(8))
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
      .optional("snapshot", &StorageSection::snapshot, "When the state of windows is saved.");
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

void describe(Fields<SinkSection>& fields) {
  fields.optional("batch", &SinkSection::batch, "When a batch is sent.")
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
