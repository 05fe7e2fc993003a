#include "pipelines/map.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pipelines/data_path.h"

namespace sluice {
namespace {

enum class Target : std::uint8_t { data, subject, type, time };

struct Assignment {
  std::string name;  // the target as configured
  Target target;
  DataPath path;  // for Target::data
  Expression expression;
};

struct Move {
  DataPath from;
  DataPath to;
};

struct Changes {
  std::vector<DataPath> removals;
  bool removes_subject = false;
  std::vector<Move> moves;
  std::vector<Assignment> assignments;
};

// Whether an event can carry `value`; types, optionals and errors exist in expressions only.
bool is_datum(const Value& value) { return value.kind() < Kind::type; }

std::string wrong_type(std::string_view wanted, const Value& value) {
  return "needs " + std::string(wanted) + ", not a value of type " +
         std::string(kind_name(value.kind()));
}

class Map final : public Step {
 public:
  explicit Map(Changes changes) : changes_(std::move(changes)) {}

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) {
      const auto changed = change(*event, out.arena());
      if (changed) {
        out.emit(*changed);
      } else {
        out.fail(event, changed.error().message);
      }
    }
  }

 private:
  // A changed copy of `event` in `arena`. Errors: bad_input.
  Result<Event*> change(const Event& event, Arena& arena) const {
    Value* values = arena.array<Value>(changes_.assignments.size());
    for (std::size_t i = 0; i < changes_.assignments.size(); ++i) {
      values[i] = changes_.assignments[i].expression.evaluate(event, arena);
    }
    Event* changed = arena.make(event);
    changed->payload = {};
    changed->has_payload = false;
    changed->is_unchanged = false;

    for (const DataPath& path : changes_.removals)
      changed->data = path.remove(changed->data, arena);
    if (changes_.removes_subject) changed->subject = {};
    for (const Move& move : changes_.moves) {
      const Value* found = move.from.find(changed->data);
      if (found == nullptr) continue;
      const Value value = *found;
      changed->data = move.from.remove(changed->data, arena);
      changed->data = TRY(move.to.write(changed->data, value, arena));
    }
    for (std::size_t i = 0; i < changes_.assignments.size(); ++i) {
      auto assigned = assign(changes_.assignments[i], values[i], *changed, arena);
      if (!assigned) {
        return Error{ErrorKind::bad_input,
                     "map.set." + changes_.assignments[i].name + ": " + assigned.error().message};
      }
    }
    return changed;
  }

  static Result<void> assign(const Assignment& assignment, const Value& value, Event& event,
                             Arena& arena) {
    const auto refuse = [&](std::string_view wanted) {
      return Error{ErrorKind::bad_input,
                   value.is_error() ? std::string(value.as_text()) : wrong_type(wanted, value)};
    };
    switch (assignment.target) {
      case Target::data:
        if (!is_datum(value)) return refuse("a value that an event can carry");
        event.data = TRY(assignment.path.write(event.data, value, arena));
        return {};
      case Target::subject:
        if (value.kind() != Kind::string && !value.is_null()) return refuse("a string or null");
        event.subject = value.is_null() ? std::string_view{} : value.as_text();
        return {};
      case Target::type:
        if (value.kind() != Kind::string || value.as_text().empty())
          return refuse("a string with text");
        event.type = value.as_text();
        return {};
      case Target::time:
        if (value.kind() != Kind::timestamp || !fits_timestamp(value)) {
          return refuse("a timestamp between the years 1678 and 2262");
        }
        event.time = to_timestamp(value);
        return {};
    }
    return {};
  }

  const Changes changes_;
};

constexpr std::string_view what_a_path_is =
    "is not a field path; write data, or data. and names joined by dots, such as data.engine.rpm";

std::optional<Target> target_of(std::string_view name, const std::optional<DataPath>& path) {
  if (path) return Target::data;
  if (name == "subject") return Target::subject;
  if (name == "type") return Target::type;
  if (name == "time") return Target::time;
  return std::nullopt;
}

void add_assignment(const MapSet& set, Changes& changes, StepErrors& errors) {
  const std::string field = "map.set." + set.target;
  auto path = DataPath::parse(set.target);
  const auto target = target_of(set.target, path);
  if (!target) {
    errors.push_back(
        {field, 0,
         quoted(set.target) + " cannot be set; what can: data, data.NAME, subject, type, time"});
  }
  const bool is_twice = std::ranges::any_of(
      changes.assignments, [&](const Assignment& other) { return other.name == set.target; });
  if (is_twice) errors.push_back({field, 0, quoted(set.target) + " is set twice"});
  auto expression = compile_field(field, set.expression, 0, errors);
  if (!target || !expression) return;
  changes.assignments.push_back(
      {set.target, *target, path.value_or(DataPath{}), *std::move(expression)});
}

void add_move(const MapRename& rename, Changes& changes, StepErrors& errors) {
  const std::string field = "map.rename." + rename.from;
  const auto from = DataPath::parse(rename.from);
  const auto to = DataPath::parse(rename.to);
  if (!from || from->names().empty()) {
    errors.push_back({field, 0, quoted(rename.from) + " " + std::string(what_a_path_is)});
  }
  if (!to || to->names().empty()) {
    errors.push_back({field, 0, quoted(rename.to) + " " + std::string(what_a_path_is)});
  }
  if (from && to) changes.moves.push_back({*from, *to});
}

void add_removal(const std::string& name, Changes& changes, StepErrors& errors) {
  if (name == "subject") {
    changes.removes_subject = true;
  } else if (const auto path = DataPath::parse(name)) {
    changes.removals.push_back(*path);
  } else {
    errors.push_back({"map.remove." + name, 0, quoted(name) + " " + std::string(what_a_path_is)});
  }
}

}  // namespace

StepOrErrors make_map(const MapConfig& config) {
  StepErrors errors;
  Changes changes;
  if (config.set.empty() && config.rename.empty() && config.remove.empty()) {
    errors.push_back({"map", 0, "a map needs at least one of set, rename and remove"});
  }
  for (const MapSet& set : config.set) add_assignment(set, changes, errors);
  for (const MapRename& rename : config.rename) add_move(rename, changes, errors);
  for (const std::string& name : config.remove) add_removal(name, changes, errors);
  if (!errors.empty()) return errors;
  return std::make_unique<Map>(std::move(changes));
}

}  // namespace sluice
