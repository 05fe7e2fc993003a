#include "gateway/tables/table_file.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "config/document.h"
#include "config/nearest.h"
#include "drivers/codecs/json.h"
#include "gateway/tables/csv.h"
#include "gateway/tables/json_file.h"
#include "gateway/toml_json.h"
#include "pipelines/step_error.h"
#include "pipelines/value_identity.h"
#include "pipelines/windows/window_key.h"

namespace sluice {
namespace {

Error bad(const std::string& where, const std::string& what) {
  return {ErrorKind::bad_config, where + ": " + what};
}

Error no_such_column(const std::string& where, const std::string& wanted,
                     std::span<const std::string_view> known) {
  return bad(where, "there is no column " + quoted(wanted) + suggestion(wanted, known));
}

// Puts rows into a table: finds their keys, and leaves out the columns that nobody wants.
class TableMaker {
 public:
  TableMaker(const std::string& name, std::string column, const std::vector<std::string>& columns)
      : table_(std::make_unique<LookupTable>(name, column)),
        column_(std::move(column)),
        columns_(columns) {}

  // A row that has its key in a field.
  Result<void> add(const std::string& where, const Value& row) {
    if (row.kind() != Kind::map) return bad(where, "a row is not an object of fields");
    const Value* key = row.find(column_);
    if (key == nullptr || key->is_null())
      return bad(where, "the row has no " + quoted(column_) + ", by which it would be found");
    return add(where, *key, row);
  }

  Result<void> add(const std::string& where, const Value& key, const Value& row) {
    if (row.kind() != Kind::map) return bad(where, "a row is not an object of fields");
    if (table_->size() >= LookupTable::max_rows)
      return bad(where, "there are more than " + std::to_string(LookupTable::max_rows) + " rows");
    if (!has_identity(key, WindowKey::max_bytes)) return bad(where, "this cannot be a key");
    std::string bytes;
    append_identity(bytes, key);
    const std::string_view text = key_text(bytes, scratch_);
    if (text.empty()) return bad(where, "the key is empty");
    if (!table_->add(text, wanted_fields(row)))
      return bad(where, "there is another row of the key " + quoted(text.substr(0, 80)));
    return {};
  }

  // The table, when all wanted columns are in some row.
  Result<std::unique_ptr<LookupTable>> take() && {
    const std::vector<std::string_view> known(seen_.begin(), seen_.end());
    for (const std::string& column : columns_) {
      if (!seen_.contains(column) && table_->size() > 0)
        return no_such_column(table_->name(), column, known);
    }
    return std::move(table_);
  }

 private:
  Value wanted_fields(const Value& row) {
    MapEntry* const fields = scratch_.array<MapEntry>(row.as_map().size());
    std::size_t used = 0;
    for (const MapEntry& field : row.as_map()) {
      const std::string name(field.key.as_text());
      seen_.insert(name);
      const bool is_wanted =
          columns_.empty() ? name != column_ : std::ranges::find(columns_, name) != columns_.end();
      if (is_wanted) fields[used++] = field;
    }
    return Value::map({fields, used});
  }

  std::unique_ptr<LookupTable> table_;
  const std::string column_;
  const std::vector<std::string>& columns_;
  std::set<std::string> seen_;  // names of fields
  Arena scratch_;
};

// --- CSV ---

enum class CellType : std::uint8_t { text, number, boolean };

bool is_json_number(const std::string& cell, Arena& scratch) {
  const bool may_be = !cell.empty() && (cell[0] == '-' || (cell[0] >= '0' && cell[0] <= '9'));
  if (!may_be || cell.find_last_of(" \t\r\n") != std::string::npos) return false;
  const auto parsed = parse_json(cell, scratch);
  return parsed && parsed->is_numeric();
}

CellType type_of_column(std::span<const CsvRecord> rows, std::size_t column) {
  bool may_be_number = true;
  bool may_be_boolean = true;
  bool has_any = false;
  Arena scratch;
  for (const CsvRecord& row : rows) {
    const std::string& cell = row.cells[column];
    if (cell.empty()) continue;
    has_any = true;
    may_be_boolean = may_be_boolean && (cell == "true" || cell == "false");
    may_be_number = may_be_number && is_json_number(cell, scratch);
    if (!may_be_boolean && !may_be_number) break;
  }
  if (!has_any) return CellType::text;
  return may_be_number ? CellType::number : may_be_boolean ? CellType::boolean : CellType::text;
}

Result<Value> cell_value(const std::string& cell, CellType type, Arena& scratch) {
  if (cell.empty()) return Value::null();
  if (type == CellType::number) return parse_json(cell, scratch);
  if (type == CellType::boolean) return Value::boolean(cell == "true");
  return Value::string(cell);
}

Result<void> check_header(const std::string& name, const CsvRecord& header) {
  const std::string where = name + ":" + std::to_string(header.line);
  std::set<std::string> names;
  for (const std::string& cell : header.cells) {
    if (cell.empty()) return bad(where, "the first line is the header: each column needs a name");
    if (!names.insert(cell).second) return bad(where, "two columns are called " + quoted(cell));
  }
  return {};
}

Result<std::unique_ptr<LookupTable>> read_csv(const std::string& name, std::string_view content,
                                              const TableShape& shape) {
  constexpr std::size_t header_and_one_too_many = 2;
  const auto parsed = parse_csv(content, LookupTable::max_rows + header_and_one_too_many);
  if (!parsed) return Error{ErrorKind::bad_config, name + ":" + parsed.error().message};
  if (parsed->empty()) return bad(name, "it is empty; its first line names the columns");
  const CsvRecord& header = parsed->front();
  TRY(check_header(name, header));
  const std::span<const CsvRecord> rows = std::span(*parsed).subspan(1);
  for (const CsvRecord& row : rows) {
    if (row.cells.size() == header.cells.size()) continue;
    return bad(name + ":" + std::to_string(row.line),
               "the row has " + std::to_string(row.cells.size()) + " cells, and the header has " +
                   std::to_string(header.cells.size()) +
                   "; put a cell that holds a comma in double quotes");
  }
  const std::string& column = shape.column.empty() ? header.cells.front() : shape.column;
  const std::vector<std::string_view> known(header.cells.begin(), header.cells.end());
  std::vector<std::string> wanted = shape.columns;
  wanted.push_back(column);
  for (const std::string& want : wanted) {
    if (std::ranges::find(known, want) == known.end()) return no_such_column(name, want, known);
  }
  std::vector<CellType> types;
  for (std::size_t i = 0; i < header.cells.size(); ++i)
    types.push_back(header.cells[i] == column ? CellType::text : type_of_column(rows, i));
  TableMaker maker(name, column, shape.columns);
  for (const CsvRecord& row : rows) {
    Arena scratch(1024);
    MapEntry* const fields = scratch.array<MapEntry>(row.cells.size());
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      fields[i] = {Value::string(header.cells[i]),
                   TRY(cell_value(row.cells[i], types[i], scratch))};
    }
    TRY(maker.add(name + ":" + std::to_string(row.line), Value::map({fields, row.cells.size()})));
  }
  return std::move(maker).take();
}

// --- JSON and TOML ---

// A list of rows, or an object of rows.
Result<std::unique_ptr<LookupTable>> read_rows(const std::string& name, const Value& root,
                                               const TableShape& shape) {
  TableMaker maker(name, shape.column.empty() ? "name" : shape.column, shape.columns);
  if (root.kind() == Kind::list) {
    if (shape.column.empty())
      return bad(name, "it is a list of rows: `column` must name the field that has their keys");
    std::size_t number = 0;
    for (const Value& row : root.as_list())
      TRY(maker.add(name + ": row " + std::to_string(++number), row));
    return std::move(maker).take();
  }
  if (root.kind() != Kind::map) return bad(name, "it holds neither a list nor an object of rows");
  for (const MapEntry& row : root.as_map()) {
    const std::string where = name + ": row " + quoted(row.key.as_text());
    TRY(shape.column.empty() ? maker.add(where, row.key, row.value) : maker.add(where, row.value));
  }
  return std::move(maker).take();
}

Result<std::unique_ptr<LookupTable>> read_toml(const std::string& name, std::string_view content,
                                               const TableShape& shape) {
  Document document = Document::parse(content, name);
  const Node& root = document.root().node();
  const std::string json = table_as_json(root, {}, document.diagnostics());
  if (document.diagnostics().has_errors())
    return Error{ErrorKind::bad_config,
                 document.diagnostics().line(document.diagnostics().all().front())};
  Arena scratch;
  Value rows = TRY(parse_json(json, scratch));
  // [[devices]]: the file is that list.
  if (rows.as_map().size() == 1 && rows.as_map().front().value.kind() == Kind::list)
    rows = rows.as_map().front().value;
  return read_rows(name, rows, shape);
}

}  // namespace

Result<std::unique_ptr<LookupTable>> read_table_file(const std::string& name,
                                                     std::string_view content,
                                                     const TableShape& shape) {
  if (name.ends_with(".csv")) return read_csv(name, content, shape);
  if (name.ends_with(".toml")) return read_toml(name, content, shape);
  if (name.ends_with(".json")) {
    Arena scratch;
    return read_rows(name, TRY(parse_json_file(name, content, scratch)), shape);
  }
  return bad(name, "a table's name ends in .csv, .json or .toml: by that its format is known");
}

}  // namespace sluice
