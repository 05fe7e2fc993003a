#include "gateway/testing/run_case.h"

#include <algorithm>
#include <utility>

#include "drivers/codecs/json.h"
#include "gateway/testing/compare.h"
#include "gateway/testing/pairing.h"
#include "gateway/testing/test_box.h"

namespace sluice {
namespace {

class CaseRun {
 public:
  CaseRun(const TestFile& file, const TestCase& test) : file_(file), test_(test) {
    result_.name = test.name;
    result_.position = test.position;
  }

  CaseResult run() {
    if (auto done = run_to_end(); !done)
      fail(at_, "the gateway fails here: " + done.error().message);
    return std::move(result_);
  }

 private:
  Result<void> run_to_end() {
    at_ = test_.position;
    auto box = TRY(TestBox::start(file_, test_.start));
    for (const TestStep& step : test_.steps) {
      at_ = step.position;
      TRY(box->wait(test_.start + step.at - box->now()));
      TRY(run_step(step, *box));
    }
    at_ = test_.position;
    bool expects_dead_letters = false;
    for (const ExpectedOutput& output : test_.outputs) {
      TRY(check_output(output, *box));
      expects_dead_letters = expects_dead_letters || output.name == dead_letters_output;
    }
    if (!expects_dead_letters)
      TRY(check_output({std::string(dead_letters_output), test_.position, {}}, *box));
    return {};
  }

  Result<void> run_step(const TestStep& step, TestBox& box) {
    switch (step.kind) {
      case TestStep::Kind::send:
        for (std::size_t i = 0; i < step.messages.size(); ++i) {
          if (i > 0) TRY(box.wait(step.duration));
          TRY(box.send(step.messages[i]));
        }
        return {};
      case TestStep::Kind::wait:
        return box.wait(step.duration);
      case TestStep::Kind::restart:
        return check_recovery(step, box.restart(step.duration));
      case TestStep::Kind::crash:
        return check_recovery(step, box.crash(step.duration));
    }
    return {};
  }

  Result<void> check_recovery(const TestStep& step, Result<RecoveryReport> recovered) {
    const RecoveryReport report = TRY(std::move(recovered));
    if (report.differences > 0) {
      fail(step.position, "the replay of " + std::to_string(report.differences) +
                              " blocks gave other outputs than were committed");
    }
    if (report.damaged_records > 0) {
      fail(step.position,
           "records of the store cannot be read: " + std::to_string(report.damaged_records));
    }
    return {};
  }

  Result<void> check_output(const ExpectedOutput& expected, const TestBox& box) {
    const bool is_dead_letter = expected.name == dead_letters_output;
    std::vector<std::string> lines =
        TRY(is_dead_letter ? box.dead_letters() : box.sink_events(expected.name));
    Arena arena;
    std::vector<GotEvent> got;
    for (std::string& line : lines) {
      const Value attributes = TRY(parse_json(line, arena));
      got.push_back({std::move(line), attributes});
    }
    const auto compare = [&](std::size_t i, std::size_t j) {
      return compare_event(expected.events[i], got[j], is_dead_letter, arena);
    };
    const auto is_pair = [&](std::size_t i, std::size_t j) { return is_match(compare(i, j)); };
    const std::vector<Pair> pairs =
        test_.order == Order::listed
            ? pair_in_order(expected.events.size(), got.size(), is_pair)
            : pair_in_any_order(expected.events.size(), got.size(), is_pair);
    for (const Pair& pair : pairs) {
      if (!pair.is_match) fail_pair(expected, pair, got, compare);
    }
    return {};
  }

  template <typename Compare>
  void fail_pair(const ExpectedOutput& expected, const Pair& pair, const std::vector<GotEvent>& got,
                 const Compare& compare) {
    const std::string name = "expect." + expected.name;
    if (!pair.expected) {
      return fail(expected.position, name + ": one more came out than is expected",
                  {{'+', got[*pair.got].json}});
    }
    const ExpectedEvent& event = expected.events[*pair.expected];
    const std::string place = name + "[" + std::to_string(*pair.expected) + "]";
    if (!pair.got) return fail(event.position, place + " did not come out", lines_of(event));
    std::vector<DiffLine> diff = diff_of(compare(*pair.expected, *pair.got));
    diff.push_back({' ', "all of it: " + got[*pair.got].json});
    fail(event.position, place + " differs", std::move(diff));
  }

  static std::vector<DiffLine> lines_of(const ExpectedEvent& event) {
    std::vector<DiffLine> lines;
    if (!event.attributes.as_map().empty()) lines.push_back({'-', to_json(event.attributes)});
    for (const TestCheck& check : event.checks)
      lines.push_back({'-', "check: " + check.expression.text()});
    return lines;
  }

  static std::vector<DiffLine> diff_of(const std::vector<Comparison>& comparisons) {
    std::vector<DiffLine> diff;
    for (const Comparison& one : comparisons) {
      const std::string head = one.path + ": ";
      if (one.is_same) {
        diff.push_back({' ', head + one.expected});
        continue;
      }
      if (!one.expected.empty()) diff.push_back({'-', head + one.expected});
      if (!one.got.empty()) diff.push_back({'+', head + one.got});
    }
    return diff;
  }

  void fail(Position position, std::string message, std::vector<DiffLine> diff = {}) {
    result_.failures.push_back({position, std::move(message), std::move(diff)});
  }

  const TestFile& file_;
  const TestCase& test_;
  CaseResult result_;
  Position at_;  // what is under way
};

}  // namespace

CaseResult run_case(const TestFile& file, const TestCase& test) {
  return CaseRun(file, test).run();
}

}  // namespace sluice
