// What tests of expressions share: an event with some of everything, and short ways to evaluate.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "pipelines/expression/expression.h"

namespace sluice {

class ExpressionTest : public testing::Test {
 protected:
  // {"temperature": 22, "humidity": 40.5, "name": "hall", "flag": true, "count": 3,
  //  "list": [5, 6, 7], "nested": {"deep": [1, 2], "a": 4}}
  ExpressionTest();

  // The value as JSON, or "error: " and the reason. Fails the test when it does not compile.
  std::string evaluate(std::string_view text, const ExpressionOptions& options = {});
  // "12: message" of each error; empty when it compiles.
  static std::vector<std::string> errors(std::string_view text);

  Value map(std::vector<MapEntry> entries);
  Value list(std::vector<Value> items);

  Arena arena_;
  Event event_;
};

}  // namespace sluice
