#include "firmware-sim/fleet/report.h"

#include <sys/resource.h>

#include "firmware-sim/common/json_line.h"
#include "firmware-sim/common/live_line.h"

namespace sluice::sim {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Of this process so far, its system calls with it.
double cpu_seconds() {
  rusage usage{};
  (void)getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

}  // namespace

RunReport report_of(const Tally& tally, std::uint64_t devices, double seconds) {
  RunReport report;
  const Counts& counts = report.counts = tally.counts;
  report.devices = devices;
  report.seconds = seconds;
  report.cpu_seconds = cpu_seconds();
  report.unacknowledged = counts.sent - counts.acknowledged - counts.refused;
  report.unsent = counts.measured - counts.suppressed - counts.skipped - counts.wiped - counts.sent;
  const Latencies& latencies = tally.latencies();
  report.p50_ms = latencies.percentile(0.5);
  report.p95_ms = latencies.percentile(0.95);
  report.p99_ms = latencies.percentile(0.99);
  return report;
}

std::string to_text(const RunReport& report) {
  const Counts& counts = report.counts;
  std::string text = "sent " + grouped(counts.sent) + " | acknowledged " +
                     grouped(counts.acknowledged) + " in " + fixed(report.seconds, 1) +
                     " s | latency p50 " + fixed(report.p50_ms, 0) + " ms, p95 " +
                     fixed(report.p95_ms, 0) + " ms, p99 " + fixed(report.p99_ms, 0) + " ms\n";
  text += "  " + grouped(report.devices) + " devices, " + fixed(report.events_per_second(), 0) +
          " events/s, " + fixed(report.cpu_seconds, 1) + " s of CPU\n";
  const auto remark = [&text](std::uint64_t count, const char* what) {
    if (count > 0) text += "  " + grouped(count) + ' ' + what + '\n';
  };
  remark(report.unacknowledged, "sent, but nobody answered");
  remark(report.unsent, "measured, but never sent");
  remark(counts.suppressed, "not sent: within the deadband");
  remark(counts.skipped, "dropped by the devices: their rings were full");
  remark(counts.wiped, "lost in the devices with the memory of their rings");
  remark(counts.refused, "refused by the gateway for good");
  remark(counts.malformed, "in payloads that do not decode, on purpose");
  remark(counts.resent, "messages sent again because nobody answered");
  remark(counts.duplicates, "messages sent twice on purpose");
  remark(counts.lost_packets, "datagrams lost on purpose");
  remark(counts.late_packets, "datagrams held back on purpose");
  remark(counts.cuts, "connections broken on purpose");
  remark(counts.reconnects, "reconnects");
  remark(counts.reboots, "reboots");
  return text;
}

std::string to_json(const RunReport& report) {
  const Counts& counts = report.counts;
  return JsonLine()
             .number("devices", report.devices)
             .decimal("seconds", report.seconds)
             .decimal("cpu_seconds", report.cpu_seconds)
             .decimal("events_per_second", report.events_per_second())
             .number("measured", counts.measured)
             .number("sent", counts.sent)
             .number("acknowledged", counts.acknowledged)
             .number("unacknowledged", report.unacknowledged)
             .number("unsent", report.unsent)
             .number("suppressed", counts.suppressed)
             .number("skipped", counts.skipped)
             .number("wiped", counts.wiped)
             .number("refused", counts.refused)
             .number("malformed", counts.malformed)
             .number("resent", counts.resent)
             .number("duplicates", counts.duplicates)
             .number("lost_packets", counts.lost_packets)
             .number("late_packets", counts.late_packets)
             .number("cuts", counts.cuts)
             .number("reconnects", counts.reconnects)
             .number("reboots", counts.reboots)
             .decimal("p50_ms", report.p50_ms)
             .decimal("p95_ms", report.p95_ms)
             .decimal("p99_ms", report.p99_ms)
             .finish() +
         '\n';
}

std::string LiveText::next(const Fleet& fleet, const Tally& tally, double seconds) {
  const Counts& counts = tally.counts;
  const auto gained = static_cast<double>(counts.acknowledged - last_acknowledged_);
  const double now = gained / std::max(0.001, seconds - last_seconds_);
  rate_ = rate_ < 0 ? now : 0.7 * rate_ + 0.3 * now;
  last_acknowledged_ = counts.acknowledged;
  last_seconds_ = seconds;
  const Latencies& latencies = tally.latencies();
  std::string text = fixed(rate_, 0) + " events/s | acknowledged " + grouped(counts.acknowledged) +
                     " of " + grouped(counts.measured) + " | p50 " +
                     fixed(latencies.percentile(0.5), 0) + " ms, p99 " +
                     fixed(latencies.percentile(0.99), 0) + " ms | " + grouped(fleet.devices_on()) +
                     " devices | ring " + grouped(fleet.waiting());
  if (counts.resent > 0) text += " | resent " + grouped(counts.resent);
  return text + " | " + (fleet.is_draining() ? "draining" : fleet.phase().name);
}

}  // namespace sluice::sim
