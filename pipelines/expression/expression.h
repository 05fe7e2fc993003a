// Expression: one CEL (Common Expression Language) expression over an event, compiled once.
//
//   "data.temperature > 40.0"  --compile-->  Expression  --evaluate(event)-->  Value (or
//   Kind::error)
//
// Names an expression sees: id source type subject time data topic path event.received
// event.source_name user_properties headers. `topic` and `path` are lists of the levels' texts; an
// attribute that is not set is null. CEL's rules: https://github.com/google/cel-spec (langdef.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "core/value.h"

namespace sluice {

// What is wrong with an expression's text, and where.
struct ExpressionError {
  std::size_t offset = 0;  // in bytes from the start of the expression
  std::string message;     // what is wrong, and what would be right
};

enum class ExpressionType : std::uint8_t {
  dyn,
  null,
  boolean,
  integer,
  uinteger,
  number,
  string,
  bytes,
  list,
  map,
  timestamp,
  duration,
  type,
  optional
};

struct ExpressionOptions {
  // Beyond CEL: arithmetic on int, uint and double that come from `data` mixes them as doubles, so
  // that a sensor may send 22 and then 22.5. Literals and attributes stay strict.
  bool promote_numbers = true;
  // What one evaluation may cost, in steps of loops and some 64 bytes of memory or of text that is
  // read. When it is used up the value is an error. Nothing: ExpressionBudget.
  std::optional<std::uint64_t> budget = std::nullopt;
};

// What an evaluation may cost of the expressions that this thread compiles without a word of their
// own on it, while this lives: a configuration's, while its steps are made.
class ExpressionBudget {
 public:
  static constexpr std::uint64_t by_default = 1'000'000;

  explicit ExpressionBudget(std::uint64_t budget);
  ~ExpressionBudget();
  ExpressionBudget(const ExpressionBudget&) = delete;
  ExpressionBudget& operator=(const ExpressionBudget&) = delete;

 private:
  const std::uint64_t outer_;
};

// Where an expression looks in `data`: the keys from `data` on. An empty path is the whole of it.
using DataPaths = std::vector<std::vector<std::string>>;

class Expression {
 public:
  // Parses, checks and compiles. On failure gives all errors found, in order of their offset.
  static std::variant<Expression, std::vector<ExpressionError>> compile(
      std::string_view text, const ExpressionOptions& options = {});

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  // The value, or Kind::error with the reason. Texts lie in `arena`, the event or the expression.
  // Thread-compatible; never blocks, and its cost is bounded.
  Value evaluate(const Event& event, Arena& arena) const;

  const std::string& text() const;
  ExpressionType type() const;  // what the checker knows of the result; dyn when it can be anything
  bool uses_data() const;       // false: the event's payload need not be parsed for this expression
  // What of `data` it looks at: with only that there its value is the same.
  const DataPaths& data_paths() const;

 private:
  struct Impl;
  explicit Expression(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
