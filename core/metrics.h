// Metrics: counters and gauges, shown in Prometheus text form.
//
// Names are sluice_<part>_<what>_<unit>[_total]. A part asks for its cells once, at start, and
// keeps the references: an increment is one relaxed atomic add. Any thread may increment or render.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
 public:
  // The cell of this name and these labels; made on the first call, the same one afterwards.
  // `help` is one sentence, taken from the first call.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});

  // All cells in the Prometheus text exposition format, sorted by name and labels.
  std::string render() const;

  // The sum over all cells of this name whose labels contain `labels`.
  std::uint64_t sum(std::string_view name, const Labels& labels = {}) const;
  // Calls `visit(labels, value)` for each counter cell of this name, in order.
  void each(std::string_view name,
            const std::function<void(const Labels&, std::uint64_t)>& visit) const;

 private:
  struct Family {
    std::string help;
    bool is_counter = true;
    std::map<Labels, std::unique_ptr<Counter>> counters;
    std::map<Labels, std::unique_ptr<Gauge>> gauges;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;  // guarded by mutex_
};

}  // namespace sluice
