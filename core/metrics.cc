#include "core/metrics.h"

#include <algorithm>

#include "core/value.h"

namespace sluice {
namespace {

bool contains_all(const Labels& labels, const Labels& wanted) {
  return std::ranges::all_of(
      wanted, [&](const auto& label) { return std::ranges::find(labels, label) != labels.end(); });
}

void append_labels(std::string& out, const Labels& labels) {
  char separator = '{';
  for (const auto& [name, value] : labels) {
    out.push_back(separator);
    out += name;
    out += "=\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out.push_back('\\');
      if (c == '\n') {
        out += "\\n";
      } else {
        out.push_back(c);
      }
    }
    out.push_back('"');
    separator = ',';
  }
  if (separator == ',') out.push_back('}');
}

}  // namespace

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  Family& family = families_[std::string(name)];
  if (family.help.empty()) family.help = help;
  auto& cell = family.counters[labels];
  if (!cell) cell = std::make_unique<Counter>();
  return *cell;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::scoped_lock lock(mutex_);
  Family& family = families_[std::string(name)];
  if (family.help.empty()) family.help = help;
  family.is_counter = false;
  auto& cell = family.gauges[labels];
  if (!cell) cell = std::make_unique<Gauge>();
  return *cell;
}

std::string Metrics::render() const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += "# HELP " + name + " " + family.help + "\n";
    out += "# TYPE " + name + (family.is_counter ? " counter\n" : " gauge\n");
    for (const auto& [labels, cell] : family.counters) {
      out += name;
      append_labels(out, labels);
      out.push_back(' ');
      append_unsigned(out, cell->value());
      out.push_back('\n');
    }
    for (const auto& [labels, cell] : family.gauges) {
      out += name;
      append_labels(out, labels);
      out.push_back(' ');
      append_number(out, cell->value());
      out.push_back('\n');
    }
  }
  return out;
}

std::uint64_t Metrics::sum(std::string_view name, const Labels& labels) const {
  std::uint64_t total = 0;
  each(name, [&](const Labels& cell_labels, std::uint64_t value) {
    if (contains_all(cell_labels, labels)) total += value;
  });
  return total;
}

void Metrics::each(std::string_view name,
                   const std::function<void(const Labels&, std::uint64_t)>& visit) const {
  const std::scoped_lock lock(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end()) return;
  for (const auto& [labels, cell] : family->second.counters) visit(labels, cell->value());
}

}  // namespace sluice
