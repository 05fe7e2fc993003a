#include "pipelines/steps/enrich.h"

#include <optional>
#include <utility>

#include "pipelines/data_path.h"
#include "pipelines/windows/window_key.h"

namespace sluice {
namespace {

class Enrich final : public Step {
 public:
  Enrich(std::unique_ptr<const LookupTable> table, Expression key, DataPath into, Refusal missing)
      : table_(std::move(table)),
        key_(std::move(key)),
        into_(std::move(into)),
        missing_(missing),
        memory_bytes_(sizeof(*this) + table_->memory_bytes()) {}

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) process(event, out);
  }

  std::size_t memory_bytes() const override { return memory_bytes_; }
  std::size_t memory_limit() const override { return memory_bytes_; }

 private:
  void process(Event* event, StepOutput& out) {
    Arena& arena = out.arena();
    const auto bytes = key_.read(*event, arena);
    if (!bytes) return out.fail(event, bytes.error().message);
    const std::string_view key = key_text(*bytes, arena);
    const Value* row = key.empty() ? nullptr : table_->find(key);
    if (row == nullptr) return refuse(event, key, out);
    const auto data = with_row(event->data, *row, arena);
    if (!data) return out.fail(event, "enrich.into: " + data.error().message);
    Event* const enriched = arena.make(*event);
    enriched->payload = {};
    enriched->has_payload = false;
    enriched->is_unchanged = false;
    enriched->data = *data;
    out.emit(enriched);
  }

  void refuse(Event* event, std::string_view key, StepOutput& out) const {
    switch (missing_) {
      case Refusal::dead_letter:
        return out.fail(event, "enrich: " + table_->name() + " has no row whose " +
                                   table_->column() + " is " + quoted(key.substr(0, 80)));
      case Refusal::drop:
        return out.drop(*event, "no_row");
      case Refusal::pass:
        out.count("no_row", 1);
        return out.emit(event);
    }
  }

  Result<Value> with_row(const Value& data, const Value& row, Arena& arena) const {
    if (!into_.names().empty()) return into_.write(data, row, arena);
    if (data.kind() != Kind::map && !data.is_null()) {
      return Error{ErrorKind::bad_input, "data is of type " + std::string(kind_name(data.kind())) +
                                             ", so it has no fields"};
    }
    const auto present = data.is_null() ? std::span<const MapEntry>{} : data.as_map();
    MapEntry* const all = arena.array<MapEntry>(present.size() + row.as_map().size());
    std::size_t used = 0;
    for (const MapEntry& entry : present) {
      const bool is_named = entry.key.kind() == Kind::string;
      const Value* value = is_named ? row.find(entry.key.as_text()) : nullptr;
      all[used++] = {entry.key, value == nullptr ? entry.value : *value};
    }
    for (const MapEntry& entry : row.as_map()) {
      if (data.is_null() || data.find(entry.key.as_text()) == nullptr) all[used++] = entry;
    }
    return Value::map({all, used});
  }

  const std::unique_ptr<const LookupTable> table_;
  WindowKey key_;
  const DataPath into_;
  const Refusal missing_;
  const std::size_t memory_bytes_;
};

}  // namespace

StepOrErrors make_enrich(EnrichConfig config) {
  StepErrors errors;
  auto key = compile_field("key", config.key, 0, errors);
  auto into = DataPath::parse(config.into);
  if (!into) {
    errors.push_back(
        {"into", 0,
         quoted(config.into) + " is no field path; write data, or data.NAME such as data.device"});
  }
  if (!errors.empty()) return errors;
  return std::make_unique<Enrich>(std::move(config.table), *std::move(key), *std::move(into),
                                  config.missing);
}

}  // namespace sluice
