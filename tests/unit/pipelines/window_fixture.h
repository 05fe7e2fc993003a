// A window step under test: what it is given, and what it gives as text.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pipelines/windows/window.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice::testing {

// A window step, and its results as text: "a [0,10) #0 {...}".
class WindowTest : public ::testing::Test {
 protected:
  void configure(const WindowConfig& config) {
    config_ = config;
    step_ = must(make_window(config));
  }

  void event(std::string_view key, std::int64_t ms, Value value) {
    Event* made = make_event(out_.arena(), key, ms, value);
    step_->process({&made, 1}, out_);
  }
  void event(std::string_view key, std::int64_t ms, int value) {
    event(key, ms, Value::integer(value));
  }
  std::vector<std::string> watermark(std::int64_t ms) {
    step_->advance_watermark(at_ms(ms), out_);
    return results();
  }
  void restart() {
    auto fresh = must(make_window(config_));
    ASSERT_TRUE(copy_state(*step_, *fresh, 1).is_ok());
    step_ = std::move(fresh);
  }

  static std::int64_t ms(const Value& time) {
    return to_timestamp(time).time_since_epoch() / std::chrono::milliseconds(1);
  }
  // Engine time passes.
  std::vector<std::string> after(std::int64_t ms) {
    now_ = now_ + std::chrono::milliseconds(ms);
    step_->advance_time(now_, out_);
    return results();
  }
  std::vector<std::string> results() {
    std::vector<std::string> results;
    for (const Event* result : out_.take()) results.push_back(text(*result));
    return results;
  }
  std::vector<std::int64_t> late() {
    std::vector<std::int64_t> times;
    for (const Event* event : out_.named[0]) {
      times.push_back(event->time.time_since_epoch() / std::chrono::milliseconds(1));
    }
    return times;
  }

  static std::string text(const Event& result) {
    std::string text(result.subject);
    if (const Value* start = find_extension(result, "windowstart")) {
      text += " [" + std::to_string(ms(*start)) + "," +
              std::to_string(ms(*find_extension(result, "windowend"))) + ")";
    }
    text += " #" + std::to_string(find_extension(result, "revision")->as_int());
    if (find_extension(result, "early") != nullptr) text += " early";
    return text + " " + to_json(result.data);
  }

  WindowConfig config_;
  std::unique_ptr<Step> step_;
  Recording out_;
  EngineTime now_{};
};

}  // namespace sluice::testing
