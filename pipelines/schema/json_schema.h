// JsonSchema: what JSON Schema says of a value, compiled once and checked often.
//
//   schema (a Value) --compile--> JsonSchema --check(data)--> nothing, or
//                                                "data.engine.rpm: 9000 is more than 8000"
//
// Known are the keywords of draft-07 and what 2019-09 and 2020-12 renamed: type, enum, const,
// numbers, text, items, properties, required, dependencies, allOf, anyOf, oneOf, not, if, and $ref
// within the file. Keywords that only describe are passed over. All others are refused, so that
// a typing error does not let everything pass; one's own begin with "x-".
//
// As in 2019-09, keywords beside a $ref count. Patterns are RE2's: linear in the text, which may be
// anything that a device sends (an engine that backtracks, or recurses for each character, would
// let one long text end the process). Of `format` only date-time is checked.
//
// What is checked is what JSON would write. NaN and infinities are null; bytes, times and durations
// are text. Keys that are no text (CBOR) are the name of no property and match no pattern:
// additionalProperties says what their values may be, propertyNames how JSON may write the key.
//
// The cost of a check is bounded by a number of steps, one for each value or schema that is looked
// at and for each KiB that is compared; a value that needs more is not valid. A check of a valid
// value copies parts of it only to compare lists and objects (uniqueItems, const, enum) and to see
// as text what is none in memory. Any thread may check.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/value.h"

namespace sluice {

struct CompiledSchema;

class JsonSchema {
 public:
  static constexpr std::size_t max_schemas = 10'000;  // within one
  static constexpr std::size_t max_steps = 100'000;   // of one check

  //   bad_config  where (a JSON pointer), what is wrong, and what would be right
  static Result<JsonSchema> compile(const Value& schema);

  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

  // Nothing when the value is valid; else the first fault that was found, and where.
  std::optional<std::string> check(const Value& value) const;

  std::size_t memory_bytes() const;

 private:
  explicit JsonSchema(std::unique_ptr<const CompiledSchema> compiled);
  std::unique_ptr<const CompiledSchema> compiled_;
};

}  // namespace sluice
