#include "gateway/view_screen.h"

#include <algorithm>
#include <span>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "drivers/codecs/json.h"
#include "gateway/screen_text.h"

namespace sluice {
namespace {

constexpr std::size_t max_column_width = 40;
// A view without `columns` has those that devices name: there may be any number.
constexpr std::size_t max_named_columns = 50;

// Lines of cells, of which the first is the heading.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading) { lines_.push_back(std::move(heading)); }
  void add(std::vector<std::string> line) { lines_.push_back(std::move(line)); }

  std::string text() const {
    std::vector<std::size_t> widths(lines_.front().size(), 0);
    for (const auto& line : lines_) {
      for (std::size_t i = 0; i < line.size(); ++i)
        widths[i] = std::min(max_column_width, std::max(widths[i], columns_of(line[i])));
    }
    std::string text;
    for (const auto& line : lines_) {
      for (std::size_t i = 0; i < line.size(); ++i)
        text += fit_left(line[i], widths[i]) + (i + 1 < line.size() ? "  " : "");
      while (!text.empty() && text.back() == ' ') text.pop_back();
      text += '\n';
    }
    return text;
  }

 private:
  // Characters, as an approximation of what a terminal needs.
  static std::size_t columns_of(std::string_view cell) {
    return static_cast<std::size_t>(
        std::ranges::count_if(cell, [](char c) { return (c & 0xC0) != 0x80; }));
  }

  std::vector<std::vector<std::string>> lines_;
};

std::string cell_text(const Value* value) {
  if (value == nullptr || value->is_null()) return "-";
  return on_one_line(value->kind() == Kind::string ? std::string(value->as_text())
                                                   : to_json(*value));
}

std::string upper(std::string_view name) {
  std::string text = on_one_line(name);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return text;
}

using Names = std::vector<std::string_view>;

bool has_name(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_object(const Value* columns) { return columns != nullptr && columns->kind() == Kind::map; }

// What of a row is in none of the named columns; data that is no object is there as it was.
std::string rest_text(const Value* columns, const Names& names) {
  if (!is_object(columns)) return cell_text(columns);
  std::vector<MapEntry> rest;
  for (const MapEntry& column : columns->as_map()) {
    if (!has_name(names, column.key.as_text())) rest.push_back(column);
  }
  const Value value = rest.empty() ? Value::null() : Value::map(rest);
  return cell_text(&value);
}

std::string rows_text(std::span<const Value> rows) {
  Names names;  // the first columns of all rows, in the order in which they are met
  bool has_rest = false;
  for (const Value& row : rows) {
    const Value* columns = row.find("columns");
    if (!is_object(columns)) {
      has_rest = true;
      continue;
    }
    for (const MapEntry& column : columns->as_map()) {
      if (has_name(names, column.key.as_text())) continue;
      if (names.size() < max_named_columns) {
        names.push_back(column.key.as_text());
      } else {
        has_rest = true;
      }
    }
  }
  std::vector<std::string> heading = {"KEY", "TIME"};
  for (const std::string_view name : names) heading.push_back(upper(name));
  if (has_rest) heading.emplace_back("DATA");
  TextTable table(heading);
  for (const Value& row : rows) {
    const Value* columns = row.find("columns");
    std::vector<std::string> line = {cell_text(row.find("key")), cell_text(row.find("time"))};
    for (const std::string_view name : names)
      line.push_back(is_object(columns) ? cell_text(columns->find(name)) : "-");
    if (has_rest) line.push_back(rest_text(columns, names));
    table.add(std::move(line));
  }
  return table.text();
}

}  // namespace

Result<std::string> render_view(std::string_view json) {
  Arena arena;
  const auto answer = parse_json(json, arena);
  const Error wrong{ErrorKind::bad_input, "the gateway's answer is not a view"};
  if (!answer || answer->kind() != Kind::map) return wrong;
  if (const Value* views = answer->find("views"); views != nullptr && views->kind() == Kind::list) {
    TextTable table({"VIEW", "ROWS"});
    for (const Value& view : views->as_list())
      table.add({cell_text(view.find("name")), cell_text(view.find("rows"))});
    return table.text();
  }
  if (answer->find("columns") != nullptr) return rows_text(std::span(&*answer, 1));
  const Value* rows = answer->find("rows");
  if (rows == nullptr || rows->kind() != Kind::list) return wrong;
  std::string text = rows_text(rows->as_list());
  const Value* complete = answer->find("complete");
  if (complete != nullptr && complete->kind() == Kind::boolean && !complete->as_bool())
    text += "... and more rows than one answer can hold\n";
  return text;
}

}  // namespace sluice
