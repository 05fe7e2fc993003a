#include "pipelines/expression/loop.h"

#include <algorithm>

#include "pipelines/expression/access.h"
#include "pipelines/expression/operators.h"
#include "pipelines/expression/sorting.h"

namespace sluice::cel {
namespace {

bool is_true(const Value& value) { return value.kind() == Kind::boolean && value.as_bool(); }

// What a predicate gave that is neither true nor false.
Value not_a_truth(const Value& value, Context& context) {
  return no_overload("bool", {&value, 1}, context);
}

}  // namespace

bool Loop::begin(Macro macro, const Value& range, Context& context) {
  *this = Loop();
  macro_ = macro;
  range_ = range;
  is_map_ = range.kind() == Kind::map;
  if (!is_map_ && range.kind() != Kind::list) {
    result_ = range.is_error() ? range : no_overload("a macro", {&range, 1}, context);
    return false;
  }
  size_ = is_map_ ? range.as_map().size() : range.as_list().size();
  if (!context.spend(size_ + 1)) {
    result_ = Context::over_budget();
    return false;
  }
  if (macro == Macro::map || macro == Macro::filter || macro == Macro::sort_by) {
    items_ = context.arena().array<Value>(size_);
  }
  if (macro == Macro::sort_by) keys_ = context.arena().array<Value>(size_);
  if (macro == Macro::transform_map || macro == Macro::transform_map_entry) {
    entries_ = context.arena().array<MapEntry>(size_);
    room_ = size_;
  }
  return true;
}

// What a macro with one variable sees: an item, or a key.
Value Loop::element() const {
  return is_map_ ? range_.as_map()[position_].key : range_.as_list()[position_];
}

bool Loop::next(std::span<Value> variables, std::uint64_t units, Context& context) {
  if (position_ >= size_) return false;
  if (!context.spend(units)) {
    first_error_ = Context::over_budget();
    result_ = first_error_;
    return false;
  }
  variables[0] = element();
  if (variables.size() == 2) {
    if (is_map_) {
      variables[1] = range_.as_map()[position_].value;
    } else {
      variables[1] = variables[0];
      variables[0] = Value::integer(static_cast<std::int64_t>(position_));
    }
  }
  ++position_;
  return true;
}

Loop::Turn Loop::finish(const Value& result) {
  result_ = result;
  return Turn::finished;
}

Loop::Turn Loop::filter(const Value& truth, Context& context) {
  if (truth.kind() != Kind::boolean) return finish(not_a_truth(truth, context));
  return truth.as_bool() ? Turn::body : Turn::next;
}

Loop::Turn Loop::collect(const Value& body, const Value& first_variable, Context& context) {
  switch (macro_) {
    case Macro::all:
    case Macro::exists:
    case Macro::exists_one:
      return collect_truth(body, context);
    case Macro::filter:
      if (body.kind() != Kind::boolean) return finish(not_a_truth(body, context));
      if (body.as_bool()) items_[count_++] = first_variable;
      return Turn::next;
    case Macro::transform_map:
      return add_entry(first_variable, body, context);
    case Macro::transform_map_entry:
      return collect_entries(body, context);
    default:
      if (body.is_error()) return finish(body);
      if (!spend_depth(body, context)) return finish(Context::over_budget());
      if (macro_ == Macro::sort_by) keys_[count_] = body;
      items_[count_++] = macro_ == Macro::sort_by ? first_variable : body;
      return Turn::next;
  }
}

Loop::Turn Loop::collect_truth(const Value& body, Context& context) {
  if (body.kind() != Kind::boolean) {
    if (macro_ == Macro::exists_one) return finish(not_a_truth(body, context));
    if (first_error_.is_null()) first_error_ = not_a_truth(body, context);
    return Turn::next;
  }
  if (macro_ == Macro::exists_one) {
    truths_ += is_true(body) ? 1 : 0;
    return Turn::next;
  }
  const bool deciding = macro_ == Macro::exists;
  return body.as_bool() == deciding ? finish(body) : Turn::next;
}

// The body of transformMapEntry is a map whose entries are added.
Loop::Turn Loop::collect_entries(const Value& body, Context& context) {
  if (body.kind() != Kind::map) {
    return finish(no_overload("transformMapEntry", {&body, 1}, context));
  }
  for (const MapEntry& entry : body.as_map()) {
    const Turn turn = add_entry(entry.key, entry.value, context);
    if (turn == Turn::finished) return turn;
  }
  return Turn::next;
}

Loop::Turn Loop::add_entry(const Value& key, const Value& value, Context& context) {
  if (value.is_error()) return finish(value);
  if (!spend_depth(value, context)) return finish(Context::over_budget());
  if (count_ == room_) {
    const std::size_t more = std::max<std::size_t>(8, room_ * 2);
    if (!context.spend(more)) return finish(Context::over_budget());
    MapEntry* moved = context.arena().array<MapEntry>(more);
    std::copy(entries_, entries_ + count_, moved);
    entries_ = moved;
    room_ = more;
  }
  entries_[count_++] = {key, value};
  return Turn::next;
}

Value Loop::end(Context& context) {
  if (!first_error_.is_null()) return first_error_;
  switch (macro_) {
    case Macro::all:
      return Value::boolean(true);
    case Macro::exists:
      return Value::boolean(false);
    case Macro::exists_one:
      return Value::boolean(truths_ == 1);
    case Macro::transform_map:
    case Macro::transform_map_entry:
      return checked_map({entries_, count_}, context);
    case Macro::sort_by:
      return sorted_by({items_, count_}, {keys_, count_}, context);
    default:
      return Value::list({items_, count_});
  }
}

}  // namespace sluice::cel
