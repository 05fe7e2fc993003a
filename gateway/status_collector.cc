#include "gateway/status_collector.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "gateway/backlog.h"
#include "gateway/backpressure.h"
#include "storage/quarantine.h"

namespace sluice {
namespace {

constexpr Duration look_interval = std::chrono::seconds(1);
constexpr Duration sample_interval = std::chrono::seconds(5);
constexpr Duration rate_span = std::chrono::minutes(1);
// Pages of the store are freed in bursts: a growth needs a longer look than a rate.
constexpr Duration growth_span = std::chrono::minutes(5);
// What waits for so long does not wait for its batch to become full: upstream does not keep up.
constexpr Duration batching_time = std::chrono::seconds(30);

std::uint64_t waiting_events(const Head& head, std::uint16_t sink) {
  std::uint64_t events = 0;
  for (const auto& [lane, state] : head.lanes) {
    if (lane.sink == sink) events += state.waiting();
  }
  return events;
}

}  // namespace

StatusCollector::StatusCollector(StatusParts parts, GatewayStatus constant)
    : parts_(std::move(parts)),
      constant_(std::move(constant)),
      had_failed_(parts_.sources.size(), false),
      refused_(constant_.refused),
      source_messages_(parts_.sources.size(), Trend(rate_span)),
      sink_backlogs_(parts_.sinks.size(), Trend(growth_span)),
      store_bytes_(growth_span) {
  sample();
  log_recoveries();
  thread_ = std::thread([this] { run(); });
}

StatusCollector::~StatusCollector() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void StatusCollector::run() {
  Duration sampled_at = parts_.clock.monotonic();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (stopped_.wait_for(lock, look_interval, [this] { return is_stopping_; })) return;
    }
    log_recoveries();
    const Duration now = parts_.clock.monotonic();
    if (now - sampled_at < sample_interval) continue;
    sampled_at = now;
    sample();
  }
}

// A driver says when it cannot work; that it can is told here, for all drivers alike.
void StatusCollector::log_recoveries() {
  for (std::size_t i = 0; i < had_failed_.size(); ++i) {
    const SourceStatus status = parts_.sources[i].source->status();
    if (status.is_running && had_failed_[i]) {
      log_info("A source that could not take messages takes them now",
               {{"source", parts_.sources[i].name}, {"address", status.address}});
    }
    // Without an error it is only about to begin.
    if (status.is_running || !status.last_error.empty()) had_failed_[i] = !status.is_running;
  }
}

void StatusCollector::set_refused(std::string why) {
  const std::scoped_lock lock(mutex_);
  refused_ = std::move(why);
}

std::string StatusCollector::refused() const {
  const std::scoped_lock lock(mutex_);
  return refused_;
}

void StatusCollector::sample() {
  const Head head = parts_.engine.head();
  const StoreUsage usage = parts_.store.usage();
  const Duration now = parts_.clock.monotonic();
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < parts_.sources.size(); ++i) {
    const std::uint64_t messages =
        parts_.metrics.sum("sluice_source_messages_total", {{"source", parts_.sources[i].name}});
    source_messages_[i].sample(now, static_cast<double>(messages));
  }
  for (std::size_t i = 0; i < parts_.sinks.size(); ++i) {
    const std::uint64_t events = waiting_events(head, parts_.sinks[i].number);
    sink_backlogs_[i].sample(now, static_cast<double>(events));
  }
  store_bytes_.sample(now, static_cast<double>(usage.used_bytes));
}

GatewayStatus StatusCollector::collect() const {
  const Head head = parts_.engine.head();
  const StoreUsage usage = parts_.store.usage();
  FrameCodec codec;
  GatewayStatus status = constant_;
  status.now = parts_.clock.wall();
  status.is_blocked = parts_.engine.is_blocked();
  status.store_used_bytes = usage.used_bytes;
  status.store_max_bytes = usage.max_bytes;
  status.commits = parts_.metrics.sum("sluice_store_commits_total");
  status.flash = parts_.engine.flash();
  const auto received = static_cast<double>(parts_.metrics.sum("sluice_source_bytes_total"));
  if (received > 0)
    status.write_amplification = static_cast<double>(status.flash.written_bytes) / received;
  if (status.flash.bytes_per_day > 0 && parts_.flash_endurance_bytes > 0) {
    constexpr double days_per_year = 365;
    status.flash_years = parts_.flash_endurance_bytes / status.flash.bytes_per_day / days_per_year;
  }
  if (const auto quarantined = count_quarantined(parts_.store))
    status.quarantined_records = *quarantined;
  if (parts_.encryption != nullptr)
    status.encryption = parts_.encryption->is_rotating() ? "under way" : "on";
  status.redelivered = parts_.metrics.sum("sluice_engine_redelivered_messages_total");
  status.dead_letters = head.next_dead_letter - head.first_dead_letter - head.retired_dead_letters;
  for (const std::string& pipeline : parts_.pipelines) status.pipelines.push_back(report(pipeline));
  for (const WatchedSink& sink : parts_.sinks) status.sinks.push_back(report(sink, head, codec));

  const std::scoped_lock lock(mutex_);
  status.refused = refused_;
  for (std::size_t i = 0; i < parts_.sources.size(); ++i)
    status.sources.push_back(report(parts_.sources[i], source_messages_[i]));
  status.store_growth_bytes_per_second = store_bytes_.per_second();
  status.store_full_in =
      time_until(store_bytes_, parts_.high_water * static_cast<double>(usage.max_bytes));
  for (std::size_t i = 0; i < parts_.sinks.size(); ++i) {
    SinkReport& sink = status.sinks[i];
    const bool is_behind = sink.oldest_waiting.value_or(Duration{0}) > batching_time;
    if (is_behind && sink_backlogs_[i].per_second() > 0) sink.full_in = status.store_full_in;
  }
  return status;
}

SourceReport StatusCollector::report(const WatchedSource& watched, const Trend& messages) const {
  const Labels labels = {{"source", watched.name}};
  const SourceStatus source = watched.source->status();
  SourceReport report;
  report.name = watched.name;
  report.type = watched.type;
  report.is_running = source.is_running;
  report.address = source.address;
  report.connections = source.connections;
  report.messages = parts_.metrics.sum("sluice_source_messages_total", labels);
  report.messages_per_second = messages.per_second();
  report.last_message = watched.intake->last_message();
  report.undecodable = parts_.metrics.sum("sluice_source_undecodable_messages_total", labels);
  report.refused = source.refused;
  report.last_error = source.last_error;
  report.last_error_time = source.last_error_time;
  return report;
}

PipelineReport StatusCollector::report(const std::string& pipeline) const {
  const Labels of_pipeline = {{"pipeline", pipeline}};
  PipelineReport report;
  report.name = pipeline;
  report.in = parts_.metrics.sum("sluice_pipeline_in_events_total", of_pipeline);
  report.out = parts_.metrics.sum("sluice_pipeline_out_events_total", of_pipeline);
  report.failed = parts_.metrics.sum("sluice_step_failed_events_total", of_pipeline);
  const auto add = [&](const Labels& labels, std::uint64_t events) {
    if (labels[0].second == pipeline)
      report.dropped.emplace_back(labels[1].second + ": " + labels[2].second, events);
  };
  parts_.metrics.each("sluice_step_dropped_events_total", add);
  return report;
}

SinkReport StatusCollector::report(const WatchedSink& watched, const Head& head,
                                   FrameCodec& codec) const {
  const ShipperStatus shipper = watched.shipper->status();
  SinkReport report;
  report.name = watched.name;
  report.type = watched.type;
  report.is_failing = shipper.is_failing;
  report.delivered_events = shipper.events;
  report.batches = shipper.batches;
  report.rejected_events =
      parts_.metrics.sum("sluice_sink_rejected_events_total", {{"sink", watched.name}});
  report.given_up_events =
      parts_.metrics.sum("sluice_sink_given_up_events_total", {{"sink", watched.name}});
  report.when_full = watched.when_full;
  if (shipper.wire_bytes > 0) {
    report.compression =
        static_cast<double>(shipper.raw_bytes) / static_cast<double>(shipper.wire_bytes);
  }
  report.last_delivery = shipper.last_delivery;
  report.last_error = shipper.last_error;
  report.last_error_time = shipper.last_error_time;
  for (const auto& [lane, state] : head.lanes) {
    if (lane.sink != watched.number) continue;
    const auto measured = measure_backlog(parts_.store, codec, lane, state);
    // A store that cannot be read ends the engine; until then what is known exactly is shown.
    const Backlog backlog = measured ? *measured : Backlog{state.waiting(), 0, {}};
    report.backlog_events += backlog.events;
    report.backlog_bytes += backlog.bytes;
    if (!backlog.oldest) continue;
    const Duration age = age_of(*backlog.oldest, parts_.clock.wall(), parts_.engine.now());
    report.oldest_waiting = std::max(report.oldest_waiting.value_or(Duration{0}), age);
  }
  return report;
}

void StatusCollector::update_gauges() const {
  const GatewayStatus now = collect();
  const auto set = [this](std::string_view name, std::string_view help, double value,
                          const Labels& labels = {}) {
    parts_.metrics.gauge(name, help, labels).set(value);
  };
  set("sluice_store_used_bytes", "Bytes of the store that hold live data.",
      static_cast<double>(now.store_used_bytes));
  set("sluice_store_max_bytes", "storage.max_size.", static_cast<double>(now.store_max_bytes));
  set("sluice_store_quarantined_records", "Damaged records that are kept as they were found.",
      static_cast<double>(now.quarantined_records));
  set("sluice_process_written_bytes",
      "Bytes written to disks by this process, by the kernel's account.",
      static_cast<double>(now.flash.written_bytes));
  set("sluice_store_commit_written_bytes", "Of these for each commit, lately.",
      now.flash.bytes_per_commit);
  set("sluice_store_write_amplification", "Bytes written per byte of payload received.",
      now.write_amplification);
  set("sluice_store_commit_interval_seconds",
      "How far apart commits are because of the flash budget; 0: it allows the usual pace.",
      std::chrono::duration<double>(now.flash.stretched_interval).count());
  set("sluice_store_blocked", "1 while the store is full and sources wait.", now.is_blocked);
  set("sluice_configuration_refused",
      "1 while the file on disk is refused and an older configuration runs.",
      now.refused.empty() ? 0 : 1);
  set("sluice_store_damaged_records",
      "Stored records that were damaged and passed over at the start.",
      static_cast<double>(now.damaged_records));
  for (const SourceReport& source : now.sources) {
    const Labels labels = {{"source", source.name}};
    set("sluice_source_running", "1 while the source listens or is connected.", source.is_running,
        labels);
    // Without a message the alert "silent since" has nothing to go by: 0 is long ago.
    set("sluice_source_last_message_timestamp_seconds",
        "When the newest message was received, in seconds since 1970; 0: none since the start.",
        std::chrono::duration<double>(source.last_message.time_since_epoch()).count(), labels);
  }
  for (const SinkReport& sink : now.sinks) {
    const Labels labels = {{"sink", sink.name}};
    set("sluice_sink_backlog_events", "Events that upstream has not acknowledged.",
        static_cast<double>(sink.backlog_events), labels);
    set("sluice_sink_backlog_bytes",
        "What the store keeps for these events, compressed; an estimate when they are many.",
        static_cast<double>(sink.backlog_bytes), labels);
    set("sluice_sink_oldest_waiting_seconds", "Age of the oldest of these events; 0: none waits.",
        std::chrono::duration<double>(sink.oldest_waiting.value_or(Duration{0})).count(), labels);
    set("sluice_sink_failing", "1 while the last attempt failed.", sink.is_failing, labels);
  }
}

}  // namespace sluice
