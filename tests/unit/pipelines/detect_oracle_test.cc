// Each method of detect beside an oracle that keeps all samples and computes everything anew from
// them, by definition, for each event; through random keys, values, disorder, blocks and crashes.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "pipelines/steps/detect.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;

struct Sample {
  std::int64_t ms;
  double value;
  double learnt = 0.0;  // in place of the value, by a robust method
  bool is_ready = false;
  double score = 0.0;
};
using History = std::vector<Sample>;

// What the oracle of a method finds of the last sample; those before it are complete.
struct Found {
  bool is_ready = false;
  double score = 0.0;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};
using Oracle = std::function<Found(const History&)>;

// Mean and deviation of weighted values, in two passes.
struct Weighted {
  double value;
  double weight;
};
std::pair<double, double> mean_and_spread(const std::vector<Weighted>& values) {
  double weight = 0, sum = 0, squares = 0;
  for (const Weighted& each : values) {
    weight += each.weight;
    sum += each.weight * each.value;
  }
  const double mean = sum / weight;
  for (const Weighted& each : values) {
    squares += each.weight * (each.value - mean) * (each.value - mean);
  }
  return {mean, std::sqrt(squares / weight)};
}

Found by_spread(const std::vector<Weighted>& values, double value, double limit) {
  const auto [mean, spread] = mean_and_spread(values);
  const double score = value == mean                             ? 0.0
                       : std::fabs(value - mean) >= spread * 1e6 ? 1e6
                                                                 : std::fabs(value - mean) / spread;
  return {true, score, mean - limit * spread, mean + limit * spread};
}

// The alarm after all these samples, each run of samples looked at whole.
bool is_on_after(const History& history, const DetectConfig& config, double limit, double clear) {
  bool is_on = false;
  std::vector<std::int64_t> run;
  for (const Sample& sample : history) {
    if (!sample.is_ready || (is_on ? sample.score > clear : sample.score <= limit)) {
      run.clear();
      continue;
    }
    run.push_back(sample.ms);
    const auto first = *std::ranges::min_element(run);
    if (milliseconds(sample.ms - first) >= (is_on ? config.clear_for : config.lasts)) {
      is_on = !is_on;
      run.clear();
    }
  }
  return is_on;
}

double number_of(const Value& anomaly, const char* name) {
  const Value* value = anomaly.find(name);
  return value->is_numeric() ? value->to_double() : std::nan("");
}

bool is_close(double got, double expected) {
  return std::fabs(got - expected) <= 1e-9 * (1.0 + std::fabs(expected));
}

// Leads the step through 150 blocks, `step_ms` of event time apart, beside the oracle.
void compare(unsigned seed, DetectConfig config, double limit, double clear, bool is_robust,
             std::int64_t step_ms, const Oracle& oracle) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  config.keyed.key = "subject";
  config.value = "data.v";
  config.emit = seed % 3 == 0 ? DetectEmit::changes : DetectEmit::all;
  StepRig rig(seed, [&] { return make_detect(config); });
  std::map<std::string, History> keys;
  std::map<std::string, bool> alarms;
  int changes = 0;
  for (int block = 0; block < 150; ++block) {
    std::vector<Event*> events;
    std::vector<std::pair<Found, std::string>> expected;  // with change and is_anomaly as text
    for (std::int64_t i = rig.pick(0, 6); i > 0; --i) {
      const std::string key(1, static_cast<char>('a' + rig.pick(0, 2)));
      const std::int64_t ms = block * step_ms - rig.pick(0, rig.one_in(8) ? step_ms * 6 : step_ms);
      const std::int64_t value = rig.one_in(12) ? rig.pick(-40, 60) : rig.pick(-3, 8);
      events.push_back(make_event(rig.arena(), key, ms, Value::integer(value)));
      History& history = keys[key];
      history.push_back({ms, static_cast<double>(value)});
      const Found found = oracle(history);
      Sample& sample = history.back();
      sample.is_ready = found.is_ready;
      sample.score = found.score;
      sample.learnt = is_robust && found.is_ready && found.low < found.high
                          ? std::clamp(sample.value, found.low, found.high)
                          : sample.value;
      const bool was_on = alarms[key];
      const bool is_on = alarms[key] = is_on_after(history, config, limit, clear);
      if (was_on != is_on) ++changes;
      if (config.emit == DetectEmit::changes && was_on == is_on) continue;
      const char* change = was_on == is_on ? "null" : is_on ? "\"begins\"" : "\"ends\"";
      expected.emplace_back(found, std::string(change) + (is_on ? " true" : " false"));
    }
    const std::vector<Event*> emitted = rig.run(std::move(events), block * 10);
    ASSERT_EQ(emitted.size(), expected.size()) << "block " << block;
    for (std::size_t i = 0; i < emitted.size(); ++i) {
      const Value& anomaly = *emitted[i]->data.find("anomaly");
      const auto& [found, state] = expected[i];
      ASSERT_EQ(to_json(*anomaly.find("change")) + " " + to_json(*anomaly.find("is_anomaly")),
                state)
          << "block " << block << " " << to_json(anomaly);
      ASSERT_EQ(anomaly.find("score")->is_null(), !found.is_ready);
      if (!found.is_ready) continue;
      ASSERT_TRUE(is_close(number_of(anomaly, "score"), found.score))
          << to_json(anomaly) << " expected " << found.score;
      for (const auto& [name, bound] : {std::pair{"low", found.low}, {"high", found.high}}) {
        if (std::isfinite(bound)) {
          ASSERT_TRUE(is_close(number_of(anomaly, name), bound))
              << to_json(anomaly) << " expected " << name << " " << bound;
        } else {
          ASSERT_TRUE(anomaly.find(name)->is_null());
        }
      }
    }
  }
  EXPECT_GT(changes, 0);
  rig.expect_balance();
}

TEST(DetectOracle, Threshold) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    DetectConfig config;
    config.lasts = milliseconds(seed % 4 * 7);
    config.clear_for = milliseconds(seed % 3 * 11);
    const double hysteresis = seed % 2;
    config.method = ThresholdConfig{6.5, -2.5, hysteresis};
    compare(seed, config, 0.0, -hysteresis, false, 10, [](const History& history) {
      const double value = history.back().value;
      return Found{true, std::max(value - 6.5, -2.5 - value), -2.5, 6.5};
    });
  }
}

// The values of samples whose pane is one of the last so many.
template <typename Number>
std::vector<Weighted> in_last_panes(const History& history, std::int64_t panes, Number&& number) {
  std::vector<Weighted> values;
  if (history.size() < 2) return values;
  const std::int64_t newest = number(history.size() - 2);
  for (std::size_t i = 0; i + 1 < history.size(); ++i) {
    if (number(i) > newest - panes) values.push_back({history[i].learnt, 1.0});
  }
  return values;
}

TEST(DetectOracle, ZScore_of_the_last_samples) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    ZScoreConfig method;
    method.limits = {3.137, seed % 2 == 0 ? std::nullopt : std::optional(2.111)};
    method.samples = seed % 3 == 0 ? 7 : 67;  // panes of 1, of 2
    method.warm_up = 5;
    method.is_robust = seed % 4 < 2;
    DetectConfig config;
    config.method = method;
    config.clear_for = milliseconds(seed % 5 * 4);
    const std::int64_t panes = std::min<std::int64_t>(method.samples, 32);
    const std::int64_t size = method.samples / panes;
    compare(seed, config, 3.137, method.limits.end(), method.is_robust, 10,
            [=](const History& history) {
              const auto values = in_last_panes(history, panes, [&](std::size_t i) {
                return static_cast<std::int64_t>(i) / size;
              });
              if (values.size() < method.warm_up) return Found{};
              return by_spread(values, history.back().value, 3.137);
            });
  }
}

TEST(DetectOracle, ZScore_of_a_time) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    ZScoreConfig method;
    method.limits = {3.137, {}};
    method.within = milliseconds(seed % 2 == 0 ? 320 : 64);
    method.warm_up = 3;
    method.is_robust = false;
    DetectConfig config;
    config.method = method;
    const std::int64_t length = method.within / milliseconds(32);
    compare(seed, config, 3.137, 3.137, false, 10, [=](const History& history) {
      std::vector<std::int64_t> numbers;  // of panes; -1 for what is forgotten
      std::int64_t open = 0;
      for (std::size_t i = 0; i + 1 < history.size(); ++i) {
        const auto number = static_cast<std::int64_t>(
            std::floor(static_cast<double>(history[i].ms) / static_cast<double>(length)));
        if (i > 0 && open - number > 32) {
          std::ranges::fill(numbers, std::numeric_limits<std::int64_t>::min());
          open = number;
        }
        open = i == 0 ? number : std::max(open, number);
        numbers.push_back(open);
      }
      const auto values = in_last_panes(history, 32, [&](std::size_t i) { return numbers[i]; });
      if (values.size() < method.warm_up) return Found{};
      return by_spread(values, history.back().value, 3.137);
    });
  }
}

TEST(DetectOracle, Ewma) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    EwmaConfig method;
    method.limits = {3.137, {}};
    method.weight = seed % 2 == 0 ? 0.07 : 0.31;
    method.warm_up = 6;
    method.is_robust = seed % 4 < 2;
    DetectConfig config;
    config.method = method;
    compare(seed, config, 3.137, 3.137, method.is_robust, 10, [=](const History& history) {
      std::vector<Weighted> values;
      for (std::size_t i = 0; i + 1 < history.size(); ++i) {
        const double weight = std::max(method.weight, 1.0 / static_cast<double>(i + 1));
        for (Weighted& earlier : values) earlier.weight *= 1.0 - weight;
        values.push_back({history[i].learnt, weight});
      }
      if (values.size() < method.warm_up) return Found{};
      return by_spread(values, history.back().value, 3.137);
    });
  }
}

TEST(DetectOracle, Cusum) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    CusumConfig method;
    method.limits = {2.137, seed % 2 == 0 ? std::nullopt : std::optional(0.111)};
    method.drift = 0.3;
    method.warm_up = 8;
    method.relearns = seed % 3 == 1;
    if (seed % 3 == 2) {
      method.target = 2.0;
      method.spread = 3.5;
    }
    DetectConfig config;
    config.method = method;
    compare(seed, config, 2.137, method.limits.end(), false, 10, [=](const History& history) {
      std::vector<Weighted> reference;
      double high = 0, low = 0;
      Found found;
      for (const Sample& sample : history) {
        if (!method.target && reference.size() < method.warm_up) {
          found = {std::max(high, low) > 0, std::max(high, low)};
          reference.push_back({sample.value, 1.0});
          if (reference.size() == method.warm_up) high = low = 0;
          continue;
        }
        auto [mean, spread] = method.target ? std::pair(2.0, 3.5) : mean_and_spread(reference);
        const double units = (sample.value - mean) / spread;
        found = {true, 0.0, mean - (2.137 + 0.3 - low) * spread,
                 mean + (2.137 + 0.3 - high) * spread};
        high = std::min(std::max(0.0, high + units - 0.3), 2 * 2.137);
        low = std::min(std::max(0.0, low - units - 0.3), 2 * 2.137);
        found.score = std::max(high, low);
        if (method.relearns && found.score > 2.137) reference.clear();
      }
      return found;
    });
  }
}

TEST(DetectOracle, Seasonal) {
  constexpr std::int64_t hour_ms = 3'600'000;
  for (unsigned seed = 0; seed < 40; ++seed) {
    SeasonalConfig method;
    method.limits = {3.137, {}};
    method.time_zone = "+02:00";
    method.memory = 4;
    method.warm_up = 2;
    method.is_robust = seed % 2 == 0;
    DetectConfig config;
    config.method = method;
    const std::int64_t step_ms = 3 * hour_ms;  // 150 blocks: 18 days
    compare(seed, config, 3.137, 3.137, method.is_robust, step_ms, [=](const History& history) {
      const auto hour_of = [&](const Sample& sample) {
        return static_cast<std::int64_t>(
            std::floor(static_cast<double>(sample.ms + 2 * hour_ms) / double{hour_ms}));
      };
      const auto of_day = [](std::int64_t hour) { return ((hour % 24) + 24) % 24; };
      const auto day_of = [&](std::int64_t hour) { return (hour - of_day(hour)) / 24; };
      // Samples of the slot in runs of one hour, less the run that is going on.
      std::size_t end = history.size() - 1;
      while (end > 0 && hour_of(history[end - 1]) == hour_of(history[history.size() - 2])) --end;
      std::vector<Weighted> values;
      std::optional<std::int64_t> last_day;
      std::uint32_t seasons = 0;
      for (std::size_t i = 0; i < end; ++i) {
        const std::int64_t hour = hour_of(history[i]);
        if (of_day(hour) != of_day(hour_of(history.back()))) continue;
        if (last_day != day_of(hour)) {
          for (Weighted& earlier : values) earlier.weight *= 0.75;
          last_day = day_of(hour);
          ++seasons;
        }
        values.push_back({history[i].learnt, 1.0});
      }
      if (seasons < method.warm_up) return Found{};
      return by_spread(values, history.back().value, 3.137);
    });
  }
}

TEST(DetectOracle, Range) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    RangeConfig method;
    method.limits = {0.137, {}};
    method.samples = seed % 3 == 0 ? 11 : 70;
    method.smooth = seed % 4 == 0 ? 1 : 5;
    method.warm_up = 6;
    DetectConfig config;
    config.method = method;
    config.clear_for = milliseconds(seed % 3 * 15);
    const std::int64_t panes = std::min<std::int64_t>(method.samples, 32);
    const std::int64_t size = method.samples / panes;
    compare(seed, config, 0.137, 0.137, false, 10, [=](const History& history) {
      // The values, and from `smooth` - 1 on the means, that are in the window.
      const auto judge = [&](const std::vector<double>& all) {
        const auto before = static_cast<std::int64_t>(all.size()) - 1;
        std::vector<double> window;
        for (std::int64_t i = 0; i < before; ++i) {
          if (i / size > (before - 1) / size - panes) {
            window.push_back(all[static_cast<std::size_t>(i)]);
          }
        }
        if (window.size() < method.warm_up) return Found{};
        const double lowest = *std::ranges::min_element(window);
        const double highest = *std::ranges::max_element(window);
        const double width = highest - lowest;
        const double outside = std::max({all.back() - highest, lowest - all.back(), 0.0});
        return Found{true, outside / width, lowest - 0.137 * width, highest + 0.137 * width};
      };
      std::vector<double> values, means;
      for (const Sample& sample : history) {
        values.push_back(sample.value);
        if (values.size() < method.smooth || method.smooth == 1) continue;
        double sum = 0;
        for (std::size_t i = values.size() - method.smooth; i < values.size(); ++i) {
          sum += values[i];
        }
        means.push_back(sum / method.smooth);
      }
      Found found = judge(values);
      if (!found.is_ready || means.empty()) return found;
      const Found mean = judge(means);
      if (!mean.is_ready) return found;
      const double others = means.back() * method.smooth - values.back();
      found.score = std::max(found.score, mean.score);
      found.low = std::max(found.low, mean.low * method.smooth - others);
      found.high = std::min(found.high, mean.high * method.smooth - others);
      return found;
    });
  }
}

}  // namespace
}  // namespace sluice
