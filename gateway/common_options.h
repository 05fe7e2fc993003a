// The options that all sources, sinks, pipelines and steps share, and the file's own tables.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/table.h"
#include "config/units.h"
#include "gateway/configuration.h"

namespace sluice {

struct RootSection {
  GatewaySection gateway;
  StorageSection storage;
  AdminSection admin;
  LogSection log;
  std::map<std::string, RawTable> sources;
  std::map<std::string, RawTable> pipelines;
  std::map<std::string, RawTable> sinks;
};
void describe(Fields<RootSection>& fields);

struct EventSection {
  std::optional<ExpressionText> id;
  std::optional<ExpressionText> type;
  std::optional<ExpressionText> subject;
  std::optional<ExpressionText> time;
};
void describe(Fields<EventSection>& fields);

struct WatermarkSection {
  Duration out_of_order{0};
  Duration idle_timeout = std::chrono::seconds(30);
  Duration max_ahead = std::chrono::minutes(5);
  std::optional<Duration> idle_advance;
};
void describe(Fields<WatermarkSection>& fields);

struct DecoderSection {
  std::string array = "whole";
  std::string events = "record";
  std::string names = "rfc8428";
};
void describe(Fields<DecoderSection>& fields);

struct SourceSection {
  TypedTable decode{"json", {}};
  EventSection event;
  WatermarkSection watermark;
};
void describe(Fields<SourceSection>& fields);

struct BatchSection {
  std::int64_t max_events = 1'000;
  ByteSize max_bytes = ByteSize::kib(256);
  Duration max_age = std::chrono::seconds(5);
};
void describe(Fields<BatchSection>& fields);

enum class Compression : std::uint8_t { none, zstd };
std::span<const EnumName<Compression>> enum_names(Compression);
enum class BatchFormat : std::uint8_t { ndjson, cloudevents_batch };
std::span<const EnumName<BatchFormat>> enum_names(BatchFormat);

struct SummarySection {
  Duration window = std::chrono::minutes(1);
  Duration older_than{0};
};
void describe(Fields<SummarySection>& fields);
std::span<const EnumName<WhenStoreFull>> enum_names(WhenStoreFull);

struct SinkSection {
  WhenStoreFull when_full = WhenStoreFull::block;
  std::optional<Duration> max_age;
  std::vector<SummarySection> summarise = {{std::chrono::minutes(1), Duration{0}},
                                           {std::chrono::minutes(15), std::chrono::hours(6)},
                                           {std::chrono::hours(1), std::chrono::hours(48)}};
  BatchSection batch;
  Compression compression = Compression::zstd;
  BatchFormat format = BatchFormat::ndjson;
};
void describe(Fields<SinkSection>& fields);

struct PipelineSection {
  std::vector<LocatedText> from;
  std::vector<LocatedText> to;
  std::int64_t priority = 4;
  std::vector<RawTable> steps;
};
void describe(Fields<PipelineSection>& fields);

std::span<const EnumName<OnError>> enum_names(OnError);

struct StepSection {
  std::string name;
  OnError on_error = OnError::dead_letter;
};
void describe(Fields<StepSection>& fields);

}  // namespace sluice
