#include "pipelines/steps/view.h"

#include <algorithm>
#include <set>
#include <utility>

#include "pipelines/steps/clock_ahead.h"
#include "pipelines/steps/result_fields.h"
#include "pipelines/tables/table_view.h"

namespace sluice {
namespace {

struct Row {
  Timestamp time{};
  std::string columns;  // an encoded Value; empty: nothing yet

  void save(std::string& out) const {
    put_signed(out, time.time_since_epoch().count());
    put_text(out, columns);
  }
  void load(ByteReader& in) {
    time = Timestamp(Duration(in.signed_varint()));
    columns = in.text();
    Arena scratch(1024);
    std::string_view rest = columns;
    if (!decode_value(rest, scratch) || !rest.empty()) in.fail();
  }
  static constexpr std::size_t max_heap_bytes = ViewConfig::max_row_bytes + 64;
  std::size_t heap_bytes() const {
    return columns.capacity() > std::string().capacity() ? columns.capacity() + 1 : 0;
  }
};

class View final : public KeyedStep<Row>, public TableView {
 public:
  View(std::string name, std::optional<Expression> key, std::vector<ResultField> columns,
       const KeyBounds& bounds)
      : KeyedStep(std::move(key), std::nullopt, bounds),
        name_(std::move(name)),
        columns_(std::move(columns)) {}

  bool uses_data() const override {
    return columns_.empty() || KeyedStep::uses_data() ||
           std::ranges::any_of(
               columns_, [](const ResultField& column) { return column.expression.uses_data(); });
  }

  const TableView* view() const override { return this; }
  const std::string& view_name() const override { return name_; }
  std::size_t row_count() const override { return keys_.size(); }

  ViewPage read_page(std::uint32_t from, std::size_t max_slots,
                     std::size_t max_bytes) const override {
    ViewPage page;
    std::size_t bytes = 0;
    const Slot end = keys_.end_slot();
    for (Slot slot = from; slot < end; ++slot) {
      if (max_slots-- == 0 || bytes > max_bytes) {
        page.next = slot;
        break;
      }
      if (!keys_.is_alive(slot)) continue;
      page.rows.push_back(row_of(slot));
      bytes += page.rows.back().key.size() + page.rows.back().columns.size();
    }
    return page;
  }

  std::optional<ViewRow> read_row(std::string_view key) const override {
    const Slot slot = keys_.find(key);
    return slot == Keys::none ? std::nullopt : std::optional(row_of(slot));
  }

 private:
  ViewRow row_of(Slot slot) const {
    return {std::string(keys_.key(slot)), keys_.read(slot).time, keys_.read(slot).columns};
  }

  bool take(Event* event, const Value&, Slot slot, bool is_new, StepOutput& out) override {
    const Timestamp known = keys_.read(slot).time;
    if (!is_new && event->time < known && !is_from_wrong_clock(known, *event)) {
      out.count("out_of_order", 1);
    } else {
      auto columns = encoded_columns(*event, out.arena());
      if (!columns) {
        out.fail(event, columns.error().message);
        if (is_new) keys_.erase(slot);
        return false;
      }
      columns->shrink_to_fit();
      keys_.edit(slot, [&](Row& row) {
        row.time = event->time;
        row.columns = std::move(*columns);
      });
    }
    out.emit(event);
    return true;
  }

  Result<std::string> encoded_columns(const Event& event, Arena& arena) const {
    const Value row = columns_.empty()
                          ? event.data
                          : TRY(evaluate_fields(columns_, "view.columns", event, arena));
    if (!is_storable(row)) {
      return Error{ErrorKind::bad_input, "view: the row is nested too deep"};
    }
    std::string bytes;
    encode(bytes, row);
    if (bytes.size() > ViewConfig::max_row_bytes)
      return Error{ErrorKind::bad_input, "view: the row has more than 64 KiB"};
    return bytes;
  }

  const std::string name_;
  const std::vector<ResultField> columns_;
};

}  // namespace

StepOrErrors make_view(const ViewConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  if (config.name.empty() || config.name.find_first_of("/? \t\n") != std::string::npos) {
    errors.push_back({"name", 0, "a view has a name without blanks and '/', for example latest"});
  }
  std::vector<ResultField> columns;
  std::set<std::string_view> names;
  for (const ViewColumn& column : config.columns) {
    const std::string field = "columns." + column.name;
    if (!names.insert(column.name).second) {
      errors.push_back({field, 0, quoted(column.name) + " is there twice"});
    }
    if (auto expression = compile_field(field, column.expression, 0, errors))
      columns.push_back({column.name, *std::move(expression)});
  }
  if (!errors.empty()) return errors;
  KeyBounds bounds = config.keyed.bounds;
  bounds.when_full = WhenFull::evict;
  return std::make_unique<View>(config.name, std::move(key), std::move(columns), bounds);
}

}  // namespace sluice
