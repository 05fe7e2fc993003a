// TestFile: unit tests of pipelines as a person writes them, read and checked completely.
//
//   plant_test.toml --load_test_file--> TestFile --run_case (run_case.h)--> CaseResult
//
// The format is described in README.md beside this file. All faults of a file, and of the
// configuration that it tests, are reported at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostics.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/value.h"
#include "drivers/message.h"
#include "gateway/configuration.h"
#include "pipelines/expression/expression.h"

namespace sluice {

// The name under which a case expects what could not be decoded or processed.
inline constexpr std::string_view dead_letters_output = "dead_letters";

// One message as its source's driver would hand it over.
struct SentMessage {
  std::size_t source = 0;  // index in Configuration::sources
  std::string sender;
  std::string topic;
  std::string content_type;
  std::string payload;
  std::vector<std::pair<std::string, std::string>> properties;  // MQTT user properties
  Repeat repeat = Repeat::never;
  std::uint16_t number = 0;  // MQTT packet id or CoAP message id; 0: none
  std::string token;         // CoAP
};

struct TestStep {
  enum class Kind : std::uint8_t {
    send,     // hands the messages over, each in a beat of its own
    wait,     // time passes
    restart,  // a clean stop and a new start from the same store
    crash,    // the same without the stop: nothing is left but what was committed
  };
  Kind kind = Kind::wait;
  Position position;
  Duration at{0};        // begins this long after the case's start
  Duration duration{0};  // wait: how long; send: between messages; else how long the box is off
  std::vector<SentMessage> messages;
};

// A condition on an expected event, in CEL.
struct TestCheck {
  Expression expression;
  Position position;
};

enum class Match : std::uint8_t {
  subset,  // what is named must be there; there may be more
  exact,   // `data` has what is named and nothing else, at every depth
};

// What one event must look like.
struct ExpectedEvent {
  Position position;
  Value attributes;  // a map, as in the JSON that upstream gets
  Match match = Match::subset;
  std::vector<TestCheck> checks;
};

enum class Order : std::uint8_t { listed, any };

// All that must have come out in one place: a sink, `<pipeline>`, `<pipeline>.<output>`, or the
// dead letters.
struct ExpectedOutput {
  std::string name;
  Position position;
  std::vector<ExpectedEvent> events;
};

struct TestCase {
  std::string name;
  Position position;
  Timestamp start{};  // of the virtual clock
  Order order = Order::listed;
  std::vector<TestStep> steps;
  std::vector<ExpectedOutput> outputs;  // in the order of the file
};

struct TestFile {
  std::string path;
  std::string configuration_text;
  std::string configuration_name;  // for messages
  std::vector<EpochFile> configuration_files;
  std::vector<std::string> taps;  // outputs of pipelines that cases look at; sorted
  std::vector<TestCase> cases;    // in the order of the file
  Arena arena;                    // holds what is expected
};

// Nothing when the file or its configuration has errors; `problems` then has all of them, with
// their source lines.
std::optional<TestFile> load_test_file(const std::string& path, std::string& problems);

// The configuration of a file that was loaded, with a tap for each output that a case looks at:
// a pipeline without steps that ends in a sink of the output's name.
Configuration configuration_under_test(const TestFile& file);

}  // namespace sluice
