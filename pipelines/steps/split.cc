#include "pipelines/steps/split.h"

#include <optional>
#include <utility>

#include "pipelines/data_path.h"

namespace sluice {
namespace {

class Split final : public Step {
 public:
  Split(Expression list, std::optional<DataPath> whole, std::optional<DataPath> into)
      : list_(std::move(list)), list_path_(std::move(whole)), into_(std::move(into)) {}

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) {
      const auto parts = split(*event, out.arena());
      if (!parts) {
        out.fail(event, parts.error().message);
      } else if (parts->empty()) {
        out.drop(*event, "empty_list");
      } else {
        for (Event& part : *parts) out.emit(&part);
      }
    }
  }

 private:
  // All parts or an error: an event never leaves in part.
  Result<std::span<Event>> split(const Event& event, Arena& arena) const {
    const Value list = list_.evaluate(event, arena);
    if (list.is_error()) return failure(std::string(list.as_text()));
    if (list.kind() != Kind::list) {
      return failure("needs a list, not a value of type " + std::string(kind_name(list.kind())));
    }
    const auto elements = list.as_list();
    if (elements.size() > SplitConfig::max_events) {
      return failure("a list of " + std::to_string(elements.size()) + " is longer than 1000");
    }
    const Value rest = list_path_ ? list_path_->remove(event.data, arena) : event.data;
    Event* const parts = arena.array<Event>(elements.size());
    for (std::size_t i = 0; i < elements.size(); ++i) {
      Event part = event;
      part.payload = {};
      part.has_payload = false;
      part.is_unchanged = false;
      part.data = into_ ? TRY(into_->write(rest, elements[i], arena)) : elements[i];
      part.extensions = extensions(event, i, elements.size(), arena);
      ::new (&parts[i]) Event(part);
    }
    return std::span<Event>(parts, elements.size());
  }

  static Error failure(const std::string& what) {
    return Error{ErrorKind::bad_input, "split.list: " + what};
  }

  static std::span<const Attribute> extensions(const Event& event, std::size_t index,
                                               std::size_t count, Arena& arena) {
    Attribute* const all = arena.array<Attribute>(event.extensions.size() + 4);
    std::size_t used = 0;
    const auto set = [&](std::string_view name, const Value& value) {
      std::size_t place = 0;
      while (place < used && all[place].name != name) ++place;
      if (place == used) ++used;
      all[place] = {name, value};
    };
    for (const Attribute& extension : event.extensions) set(extension.name, extension.value);
    if (!event.id.empty()) {
      const Value id = Value::string(event.id);
      if (find_extension(event, "correlationid") == nullptr) set("correlationid", id);
      set("causationid", id);
    }
    set("splitindex", Value::integer(static_cast<std::int64_t>(index)));
    set("splitcount", Value::integer(static_cast<std::int64_t>(count)));
    return {all, used};
  }

  const Expression list_;
  const std::optional<DataPath> list_path_;  // when the list is a plain field
  const std::optional<DataPath> into_;
};

}  // namespace

StepOrErrors make_split(const SplitConfig& config) {
  StepErrors errors;
  auto list = compile_field("list", config.list, 0, errors);
  auto into = DataPath::parse(config.into);
  if (!config.into.empty() && (!into || into->names().empty())) {
    errors.push_back({"into", 0, "a field is written data.NAME, for example data.reading"});
  }
  if (!errors.empty()) return errors;
  auto list_path = DataPath::parse(config.list);
  if (list_path && list_path->names().empty()) list_path.reset();  // data itself is the list
  return std::make_unique<Split>(*std::move(list), std::move(list_path), std::move(into));
}

}  // namespace sluice
