// CEL's lists extension: slice, flatten, distinct, reverse, sort, first, last, lists.range. (sortBy
// is a macro.)
#include <algorithm>
#include <array>
#include <vector>

#include "pipelines/expression/access.h"
#include "pipelines/expression/compare.h"
#include "pipelines/expression/functions/parts.h"
#include "pipelines/expression/sorting.h"

namespace sluice::cel {
namespace lists {
namespace {

using Arguments = std::span<const Value>;

Value list_of(std::span<const Value> items, Context& context) {
  if (!context.spend(items.size())) return Context::over_budget();
  return Value::list(context.arena().copy(items));
}

Value slice(Arguments arguments, Context& context) {
  const auto items = arguments[0].as_list();
  const std::int64_t start = arguments[1].as_int();
  const std::int64_t end = arguments[2].as_int();
  if (start < 0 || end < start || static_cast<std::uint64_t>(end) > items.size()) {
    return context.error({"slice() is out of range"});
  }
  return Value::list(
      items.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start)));
}

bool flatten_into(std::vector<Value>& out, const Value& list, std::int64_t depth,
                  Context& context) {
  for (const Value& item : list.as_list()) {
    if (!context.spend(1)) return false;
    if (item.kind() != Kind::list || depth <= 0) {
      out.push_back(item);
    } else if (!flatten_into(out, item, depth - 1, context)) {
      return false;
    }
  }
  return true;
}

Value flatten(Arguments arguments, Context& context) {
  const std::int64_t depth = arguments.size() > 1 ? arguments[1].as_int() : 1;
  if (depth < 0) return context.error({"flatten() needs a level of 0 or more"});
  std::vector<Value> items;
  if (!flatten_into(items, arguments[0], depth, context)) return Context::over_budget();
  return list_of(items, context);
}

Value distinct(Arguments arguments, Context& context) {
  std::vector<Value> items;
  for (const Value& item : arguments[0].as_list()) {
    if (!context.spend(items.size() / 4 + 1)) return Context::over_budget();
    const auto is_same_item = [&](const Value& kept) { return is_equal(kept, item, context); };
    if (std::ranges::none_of(items, is_same_item)) items.push_back(item);
  }
  return list_of(items, context);
}

Value reverse(Arguments arguments, Context& context) {
  const auto list = arguments[0].as_list();
  const std::vector<Value> items(list.rbegin(), list.rend());
  return list_of(items, context);
}

Value range(Arguments arguments, Context& context) {
  const std::int64_t count = arguments[0].as_int();
  if (count < 0) return context.error({"lists.range() needs a size of 0 or more"});
  const auto size = static_cast<std::uint64_t>(count);
  if (!context.spend(size)) return Context::over_budget();
  Value* items = context.arena().array<Value>(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < count; ++i) items[i] = Value::integer(i);
  return Value::list({items, static_cast<std::size_t>(size)});
}

Value sort(Arguments arguments, Context& context) {
  return sorted_by(arguments[0].as_list(), arguments[0].as_list(), context);
}

Value first(Arguments arguments, Context&) {
  const auto items = arguments[0].as_list();
  return items.empty() ? Value::none() : Value::some(&items.front());
}

Value last(Arguments arguments, Context&) {
  const auto items = arguments[0].as_list();
  return items.empty() ? Value::none() : Value::some(&items.back());
}

constexpr std::array<Definition, 9> definitions{{
    {"slice", "list(A).(int, int) -> list(A)", slice, "[1, 2, 3, 4].slice(1, 3) == [2, 3]"},
    {"flatten", "list(dyn).() -> list(dyn)", flatten, "[1, [2, [3]]].flatten() == [1, 2, [3]]"},
    {"flatten", "list(dyn).(int) -> list(dyn)", flatten, "[1, [2, [3]]].flatten(2) == [1, 2, 3]"},
    {"distinct", "list(A).() -> list(A)", distinct, "[1, 2, 1].distinct() == [1, 2]"},
    {"reverse", "list(A).() -> list(A)", reverse, "[1, 2, 3].reverse() == [3, 2, 1]"},
    {"sort", "list(A).() -> list(A)", sort, "[3, 1, 2].sort() == [1, 2, 3]"},
    {"first", "list(A).() -> optional(A)", first, "[7, 8].first().value() == 7"},
    {"last", "list(A).() -> optional(A)", last, "[7, 8].last().value() == 8"},
    {"lists.range", "(int) -> list(int)", range, "lists.range(3) == [0, 1, 2]"},
}};

}  // namespace
}  // namespace lists

std::span<const Definition> list_functions() { return lists::definitions; }

}  // namespace sluice::cel
