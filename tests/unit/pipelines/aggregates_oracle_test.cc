// Aggregates against slow, obvious formulas over all values, in order: random values, disorder that
// they must stand, and panes that are saved, loaded and merged.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "tests/unit/pipelines/aggregates_summary.h"

namespace sluice {
namespace {

using testing::Summary;

struct Reading {
  double value;
  std::int64_t ms;
};
using Readings = std::vector<Reading>;  // sorted by time

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

double mean_of(const Readings& all, const std::function<double(const Reading&)>& get) {
  double sum = 0.0;
  for (const Reading& reading : all) sum += get(reading);
  return sum / static_cast<double>(all.size());
}

double seconds(const Reading& reading) { return static_cast<double>(reading.ms) / 1000.0; }
double value(const Reading& reading) { return reading.value; }

double var(const Readings& all) {
  if (all.size() < 2) return nothing;
  const double mean = mean_of(all, value);
  double squares = 0.0;
  for (const Reading& r : all) squares += (r.value - mean) * (r.value - mean);
  return squares / static_cast<double>(all.size() - 1);
}

double slope(const Readings& all) {
  if (all.empty() || all.front().ms == all.back().ms) return nothing;
  const double mean_time = mean_of(all, seconds);
  const double mean_value = mean_of(all, value);
  double products = 0.0;
  double squares = 0.0;
  for (const Reading& r : all) {
    products += (seconds(r) - mean_time) * (r.value - mean_value);
    squares += (seconds(r) - mean_time) * (seconds(r) - mean_time);
  }
  return products / squares;
}

double intercept(const Readings& all) {
  if (std::isnan(slope(all))) return nothing;
  return mean_of(all, value) + slope(all) * (seconds(all.front()) - mean_of(all, seconds));
}

double delta(const Readings& all) {
  return all.size() < 2 ? nothing : all.back().value - all.front().value;
}

double increase(const Readings& all) {
  if (all.size() < 2) return nothing;
  double sum = 0.0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const double step = all[i].value - all[i - 1].value;
    sum += step < 0.0 ? all[i].value : step;
  }
  return sum;
}

double rate(const Readings& all) {
  if (all.size() < 2 || all.front().ms == all.back().ms) return nothing;
  return increase(all) / (seconds(all.back()) - seconds(all.front()));
}

double integral(const Readings& all) {
  if (all.size() < 2) return nothing;
  double sum = 0.0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    sum += (all[i].value + all[i - 1].value) / 2.0 * (seconds(all[i]) - seconds(all[i - 1]));
  }
  return sum;
}

double time_weighted_avg(const Readings& all) {
  if (all.empty()) return nothing;
  if (all.front().ms == all.back().ms) return all.back().value;
  double sum = 0.0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    sum += all[i - 1].value * (seconds(all[i]) - seconds(all[i - 1]));
  }
  return sum / (seconds(all.back()) - seconds(all.front()));
}

double ewma(const Readings& all) {
  if (all.empty()) return nothing;
  double sum = 0.0;
  double weights = 0.0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double weight = std::pow(0.8, static_cast<double>(all.size() - 1 - i));
    sum += weight * all[i].value;
    weights += weight;
  }
  return sum / weights;
}

double mode(const Readings& all) {
  std::map<double, int> counts;
  for (const Reading& reading : all) ++counts[reading.value];
  const auto best = std::ranges::max_element(
      counts, {}, [](const auto& value_and_count) { return value_and_count.second; });
  return best == counts.end() ? nothing : best->first;
}

double distinct(const Readings& all) {
  std::map<double, int> counts;
  for (const Reading& reading : all) ++counts[reading.value];
  return static_cast<double>(counts.size());
}

// The values of a random walk, in the order in which they come: each up to four places from its
// place in time.
Readings draw(std::mt19937& random) {
  Readings readings;
  std::int64_t ms = 1'767'254'400'000;
  const std::size_t count = random() % 65;  // as many values as mode counts exactly
  const bool is_coarse = random() % 2 == 0;
  for (std::size_t i = 0; i < count; ++i) {
    ms += static_cast<std::int64_t>(random() % 4) * 500;
    const auto steps = static_cast<double>(random() % (is_coarse ? 30 : 100'000));
    readings.push_back({steps / 8.0, ms});
  }
  for (std::size_t i = 0; i + 5 < count; i += 5) {
    std::shuffle(readings.begin() + static_cast<std::ptrdiff_t>(i),
                 readings.begin() + static_cast<std::ptrdiff_t>(i) + 5, random);
  }
  return readings;
}

void expect_near(double got, double expected, const std::string& where) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(got)) << where << ": " << got;
  } else {
    EXPECT_NEAR(got, expected, 1e-6 * (1.0 + std::fabs(expected))) << where;
  }
}

TEST(AggregateOracle, Agrees_with_the_formula_over_all_values_in_order_and_in_merged_panes) {
  const std::map<std::string, double (*)(const Readings&)> formulas = {
      {"var", var},           {"slope", slope},       {"intercept", intercept},
      {"delta", delta},       {"increase", increase}, {"rate", rate},
      {"integral", integral}, {"ewma", ewma},         {"time_weighted_avg", time_weighted_avg},
      {"mode", mode},         {"distinct", distinct}};
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const Readings arrived = draw(random);
    Readings sorted = arrived;
    std::ranges::stable_sort(sorted, {}, &Reading::ms);
    const std::int64_t pane_ms = 1 + static_cast<std::int64_t>(random() % 40'000);
    for (const auto& [name, formula] : formulas) {
      Summary whole(name);
      std::map<std::int64_t, Summary> panes;
      for (const Reading& reading : arrived) {
        ASSERT_TRUE(whole.add(Value::number(reading.value), reading.ms));
        panes.try_emplace(reading.ms / pane_ms, name)
            .first->second.add(Value::number(reading.value), reading.ms);
      }
      Summary merged(name);
      for (auto& [place, pane] : panes) {
        Summary restored(name);
        ASSERT_TRUE(restored.load(merged.saved()));
        restored.merge(pane);
        ASSERT_TRUE(merged.load(restored.saved()));
      }
      const std::string where = name + ", seed " + std::to_string(seed);
      const double expected = formula(sorted);
      expect_near(whole.number(), expected, where);
      expect_near(merged.number(), expected, where + ", merged");
    }
  }
}

TEST(AggregateOracle, Argmin_and_argmax_are_of_the_first_event_with_the_extreme) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Summary lowest("argmin");
    Summary highest("argmax");
    Summary later_lowest("argmin");
    std::vector<std::int64_t> keys;
    const std::size_t count = 1 + random() % 20;
    const std::size_t cut = random() % count;
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back(static_cast<std::int64_t>(random() % 9));
      const std::string name = "event " + std::to_string(i);
      const Value pair[] = {Value::string(name), Value::integer(keys.back())};
      (i < cut ? lowest : later_lowest).add(Value::list(pair));
      highest.add(Value::list(pair));
    }
    lowest.merge(later_lowest);
    const auto low = std::ranges::min_element(keys) - keys.begin();
    const auto high = std::ranges::max_element(keys) - keys.begin();
    EXPECT_EQ(lowest.json(), "\"event " + std::to_string(low) + "\"") << seed;
    EXPECT_EQ(highest.json(), "\"event " + std::to_string(high) + "\"") << seed;
  }
}

}  // namespace
}  // namespace sluice
