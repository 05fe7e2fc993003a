// Every kind of window against an oracle that is slow and obvious; see window_run.h.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/unit/pipelines/window_run.h"

namespace sluice {
namespace {

using sluice::testing::oracle_fields;
using sluice::testing::OracleEvent;
using sluice::testing::result_text;
using sluice::testing::SeededRun;
using sluice::testing::WindowOracle;
using std::chrono::milliseconds;

// Milliseconds.
struct Shape {
  std::int64_t size = 0;
  std::int64_t every = 0;
  std::int64_t offset = 0;
  std::int64_t lateness = 0;
  bool accumulating = true;
};

using Results = std::vector<std::string>;

// Tumbling and hopping windows: each keeps all its events for ever, in a list of its own.
class AlignedOracle final : public WindowOracle {
 public:
  explicit AlignedOracle(const Shape& shape) : shape_(shape) {}

  bool is_late(const std::string&, std::int64_t ms) const override {
    for (const std::int64_t end : ends(ms)) {
      if (!is_closed(end)) return false;
    }
    return true;
  }

  Results take(const std::string& key, const OracleEvent& event) override {
    for (const std::int64_t end : ends(event.ms)) {
      if (is_closed(end)) continue;
      Window& window = windows_[{end, key}];
      window.events.push_back(event);
      window.has_news = true;
    }
    return {};
  }

  Results advance(std::int64_t watermark) override {
    watermark_ = std::max(watermark_, watermark);
    Results results;
    for (auto& [place, window] : windows_) {
      if (!window.has_news || place.first > watermark_) continue;
      results.push_back(result_text(place.second, place.first - shape_.size, place.first,
                                    window.revision++, window.events));
      window.has_news = false;
      if (!shape_.accumulating) window.events.clear();
    }
    return results;
  }

 private:
  struct Window {
    std::vector<OracleEvent> events;
    int revision = 0;
    bool has_news = false;
  };

  std::vector<std::int64_t> ends(std::int64_t ms) const {
    std::int64_t start = shape_.offset;
    while (start > ms - shape_.size) start -= shape_.every;
    while (start <= ms - shape_.size) start += shape_.every;
    std::vector<std::int64_t> ends;
    for (; start <= ms; start += shape_.every) ends.push_back(start + shape_.size);
    return ends;
  }
  bool is_closed(std::int64_t end) const { return end + shape_.lateness <= watermark_; }

  const Shape shape_;
  std::map<std::pair<std::int64_t, std::string>, Window> windows_;
  std::int64_t watermark_ = INT64_MIN / 2;
};

// Sessions: a list of them, of which those that an event joins become one.
class SessionOracle final : public WindowOracle {
 public:
  explicit SessionOracle(const Shape& shape) : shape_(shape) {}

  bool is_late(const std::string& key, std::int64_t ms) const override {
    std::int64_t end = ms + shape_.size;
    for (const Session& session : sessions_) {
      if (is_joined(session, key, ms)) end = std::max(end, session.end);
    }
    return is_closed(end);
  }

  Results take(const std::string& key, const OracleEvent& event) override {
    Session joined{key, event.ms, event.ms + shape_.size, 0, true, {}};
    std::vector<Session> others;
    for (Session& session : sessions_) {
      if (!is_joined(session, key, event.ms)) {
        others.push_back(std::move(session));
        continue;
      }
      joined.start = std::min(joined.start, session.start);
      joined.end = std::max(joined.end, session.end);
      joined.revision = std::max(joined.revision, session.revision);
      joined.events.insert(joined.events.end(), session.events.begin(), session.events.end());
    }
    joined.events.push_back(event);
    others.push_back(std::move(joined));
    sessions_ = std::move(others);
    return {};
  }

  Results advance(std::int64_t watermark) override {
    watermark_ = std::max(watermark_, watermark);
    std::ranges::sort(sessions_, {}, [](const Session& s) { return std::pair(s.end, s.key); });
    Results results;
    for (Session& session : sessions_) {
      if (!session.has_news || session.end > watermark_) continue;
      results.push_back(
          result_text(session.key, session.start, session.end, session.revision++, session.events));
      session.has_news = false;
      if (!shape_.accumulating) session.events.clear();
    }
    std::erase_if(sessions_, [this](const Session& session) { return is_closed(session.end); });
    return results;
  }

 private:
  struct Session {
    std::string key;
    std::int64_t start;
    std::int64_t end;
    int revision;
    bool has_news;
    std::vector<OracleEvent> events;
  };

  bool is_joined(const Session& session, const std::string& key, std::int64_t ms) const {
    return session.key == key && session.start <= ms + shape_.size && ms <= session.end;
  }
  bool is_closed(std::int64_t end) const { return end + shape_.lateness <= watermark_; }

  const Shape shape_;
  std::vector<Session> sessions_;
  std::int64_t watermark_ = INT64_MIN / 2;
};

// Sliding windows: all events for ever, looked through for each result.
class SlidingOracle final : public WindowOracle {
 public:
  explicit SlidingOracle(const Shape& shape) : shape_(shape) {}

  bool is_late(const std::string&, std::int64_t ms) const override {
    return is_closed(ms + shape_.size);
  }

  Results take(const std::string& key, const OracleEvent& event) override {
    events_[key].push_back(event);
    for (const OracleEvent& other : events_[key]) {
      const bool is_inside = event.ms <= other.ms && other.ms <= event.ms + shape_.size;
      if (is_inside && !is_closed(other.ms)) news_.insert({other.ms, key});
    }
    return {};
  }

  Results advance(std::int64_t watermark) override {
    watermark_ = std::max(watermark_, watermark);
    Results results;
    while (!news_.empty() && news_.begin()->first < watermark_) {
      const auto [ms, key] = *news_.begin();
      std::vector<OracleEvent> inside;
      for (const OracleEvent& event : events_[key]) {
        if (ms - shape_.size <= event.ms && event.ms <= ms) inside.push_back(event);
      }
      results.push_back(result_text(key, ms - shape_.size, ms, revisions_[{ms, key}]++, inside));
      news_.erase(news_.begin());
    }
    return results;
  }

 private:
  // The window ends with this time in it: the watermark has to be behind.
  bool is_closed(std::int64_t last) const { return last + shape_.lateness < watermark_; }

  const Shape shape_;
  std::map<std::string, std::vector<OracleEvent>> events_;
  std::set<std::pair<std::int64_t, std::string>> news_;
  std::map<std::pair<std::int64_t, std::string>, int> revisions_;
  std::int64_t watermark_ = INT64_MIN / 2;
};

// Count windows: all events of a key for ever.
class CountOracle final : public WindowOracle {
 public:
  CountOracle(std::size_t count, std::size_t every) : count_(count), every_(every) {}

  bool is_late(const std::string&, std::int64_t) const override { return false; }

  Results take(const std::string& key, const OracleEvent& event) override {
    std::vector<OracleEvent>& events = events_[key];
    events.push_back(event);
    if (events.size() % every_ != 0) return {};
    const std::size_t size = std::min(count_, events.size());
    const std::vector<OracleEvent> last(events.end() - static_cast<std::ptrdiff_t>(size),
                                        events.end());
    const auto [low, high] = std::ranges::minmax_element(last, {}, &OracleEvent::ms);
    return {result_text(key, low->ms, high->ms, 0, last)};
  }

  Results advance(std::int64_t) override { return {}; }

 private:
  const std::size_t count_;
  const std::size_t every_;
  std::map<std::string, std::vector<OracleEvent>> events_;
};

WindowConfig config_of(WindowShape kind, const Shape& shape) {
  WindowConfig config;
  config.shape = kind;
  config.size = milliseconds(shape.size);
  config.offset = milliseconds(shape.offset);
  config.lateness = milliseconds(shape.lateness);
  config.accumulating = shape.accumulating;
  config.key = "subject";
  config.emit = oracle_fields;
  return config;
}

// Plays `make(random)`, which gives the configuration and its oracle, for many seeds.
template <typename Make>
void play_seeds(Make make) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRun::Random random(seed);
    auto [config, oracle] = make(random);
    SeededRun(config, std::move(oracle), random).play();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

using Made = std::pair<WindowConfig, std::unique_ptr<WindowOracle>>;

Shape random_shape(SeededRun::Random& random) {
  Shape shape;
  shape.size = SeededRun::pick(random, 1, 40);
  shape.every = shape.size;
  shape.lateness = SeededRun::pick(random, 0, 3) == 0 ? 0 : SeededRun::pick(random, 0, 60);
  shape.accumulating = SeededRun::pick(random, 0, 1) == 0;
  return shape;
}

TEST(WindowOracles, Tumbling_windows_agree_through_disorder_and_crashes) {
  play_seeds([](SeededRun::Random& random) -> Made {
    Shape shape = random_shape(random);
    shape.offset = SeededRun::pick(random, -shape.size + 1, shape.size - 1);
    return {config_of(WindowShape::tumbling, shape), std::make_unique<AlignedOracle>(shape)};
  });
}

TEST(WindowOracles, Hopping_windows_agree_through_disorder_and_crashes) {
  play_seeds([](SeededRun::Random& random) -> Made {
    Shape shape = random_shape(random);
    shape.every = SeededRun::pick(random, 1, shape.size);
    shape.offset = SeededRun::pick(random, -shape.every + 1, shape.every - 1);
    WindowConfig config = config_of(WindowShape::hopping, shape);
    config.every = milliseconds(shape.every);
    return {config, std::make_unique<AlignedOracle>(shape)};
  });
}

TEST(WindowOracles, Sessions_agree_through_disorder_and_crashes) {
  play_seeds([](SeededRun::Random& random) -> Made {
    const Shape shape = random_shape(random);
    return {config_of(WindowShape::session, shape), std::make_unique<SessionOracle>(shape)};
  });
}

TEST(WindowOracles, Sliding_windows_agree_through_disorder_and_crashes) {
  play_seeds([](SeededRun::Random& random) -> Made {
    Shape shape = random_shape(random);
    shape.accumulating = true;
    return {config_of(WindowShape::sliding, shape), std::make_unique<SlidingOracle>(shape)};
  });
}

TEST(WindowOracles, Count_windows_agree_through_crashes) {
  play_seeds([](SeededRun::Random& random) -> Made {
    WindowConfig config = config_of(WindowShape::count, {});
    config.count = static_cast<std::uint32_t>(SeededRun::pick(random, 1, 12));
    config.count_every = static_cast<std::uint32_t>(SeededRun::pick(random, 1, config.count));
    return {config, std::make_unique<CountOracle>(config.count, config.count_every)};
  });
}

}  // namespace
}  // namespace sluice
