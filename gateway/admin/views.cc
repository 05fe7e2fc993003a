#include "gateway/admin/views.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "drivers/codecs/json.h"
#include "pipelines/tables/table_view.h"
#include "pipelines/value_identity.h"
#include "pipelines/windows/window_key.h"

namespace sluice {
namespace {

// A page costs the engine some 100 us.
constexpr std::size_t page_slots = 500;
constexpr std::size_t page_bytes = std::size_t{256} << 10;
constexpr std::size_t max_answer_bytes = std::size_t{16} << 20;
// Of a row beside its key and columns: itself, its place in the order, and names and time as JSON.
constexpr std::size_t row_overhead = sizeof(ViewRow) + 100;

AdminResponse text_response(int status, std::string text) {
  return {status, "text/plain", std::move(text)};
}
AdminResponse busy(const Error& error) { return text_response(503, error.message + "\n"); }

Value decoded(std::string_view bytes, Arena& arena) {
  if (bytes.empty()) return Value::null();
  const auto value = decode_value(bytes, arena);
  CHECK(value.is_ok());  // the step encoded it, or checked it when it was loaded
  return *value;
}

void append_row(std::string& out, const ViewRow& row) {
  Arena arena(4096);
  out += "{\"key\":";
  append_json(out, decoded(row.key, arena));
  out += ",\"time\":\"" + format_timestamp(row.time) + "\",\"columns\":";
  append_json(out, decoded(row.columns, arena));
  out += '}';
}

const TableView* find_view(const Graph& graph, std::string_view name) {
  for (const TableView* view : graph.views()) {
    if (view->view_name() == name) return view;
  }
  return nullptr;
}

AdminResponse no_view(std::string_view name) {
  return text_response(404, "there is no view '" + std::string(name) + "'; GET " +
                                std::string(views_path) + " lists those there are\n");
}

AdminResponse list_views(const LookAtGraph& look_at_graph) {
  std::vector<std::pair<std::string, std::size_t>> views;
  const auto looked = look_at_graph([&](const Graph& graph) {
    for (const TableView* view : graph.views())
      views.emplace_back(view->view_name(), view->row_count());
  });
  if (!looked) return busy(looked.error());
  std::ranges::sort(views);
  std::string body = "{\"views\":[";
  for (const auto& [name, rows] : views) {
    if (body.back() == '}') body += ',';
    body += "{\"name\":";
    append_json_string(body, name);
    body += ",\"rows\":" + std::to_string(rows) + "}";
  }
  return {200, "application/json", body + "]}"};
}

AdminResponse whole_view(std::string_view name, const LookAtGraph& look_at_graph) {
  std::vector<ViewRow> rows;
  std::size_t bytes = 0;
  bool is_there = true;
  std::optional<std::uint32_t> next = 0;
  while (next && bytes <= max_answer_bytes) {
    ViewPage page;
    const auto looked = look_at_graph([&](const Graph& graph) {
      const TableView* view = find_view(graph, name);
      is_there = view != nullptr;
      if (is_there) page = view->read_page(*next, page_slots, page_bytes);
    });
    if (!looked) return busy(looked.error());
    if (!is_there) return no_view(name);
    for (ViewRow& row : page.rows) {
      bytes += row.key.size() + row.columns.size() + row_overhead;
      rows.push_back(std::move(row));
    }
    next = page.next;
  }
  // As people read: by the key's text, and keys of the same text by their bytes.
  std::vector<std::pair<std::string, const ViewRow*>> order;
  Arena arena;
  order.reserve(rows.size());
  for (const ViewRow& row : rows) order.emplace_back(key_text(row.key, arena), &row);
  std::ranges::stable_sort(order, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->key < b.second->key;
  });
  std::string body = "{\"view\":";
  append_json_string(body, name);
  body += std::string(",\"complete\":") + (next ? "false" : "true") + ",\"rows\":[";
  for (std::size_t i = 0; i < order.size(); ++i) {
    // A key that went and came back between two pages: its newer row counts.
    if (i + 1 < order.size() && order[i].second->key == order[i + 1].second->key) continue;
    if (body.back() == '}') body += ',';
    append_row(body, *order[i].second);
  }
  return {200, "application/json", body + "]}"};
}

// The keys that a text may mean: itself, and what it is as JSON.
std::vector<std::string> keys_of_text(std::string_view text) {
  std::vector<std::string> keys(1);
  append_identity(keys.front(), Value::string(text));
  Arena arena(1024);
  const auto value = parse_json(text, arena);
  if (value && value->kind() != Kind::string && has_identity(*value))
    append_identity(keys.emplace_back(), *value);
  return keys;
}

AdminResponse one_row(std::string_view name, std::string_view key,
                      const LookAtGraph& look_at_graph) {
  const std::vector<std::string> keys = keys_of_text(key);
  std::optional<ViewRow> row;
  bool is_there = true;
  const auto looked = look_at_graph([&](const Graph& graph) {
    const TableView* view = find_view(graph, name);
    is_there = view != nullptr;
    for (std::size_t i = 0; is_there && i < keys.size() && !row; ++i) row = view->read_row(keys[i]);
  });
  if (!looked) return busy(looked.error());
  if (!is_there) return no_view(name);
  if (!row) {
    return text_response(404, "the view '" + std::string(name) + "' has no row of the key '" +
                                  std::string(key) + "'\n");
  }
  std::string body;
  append_row(body, *row);
  return {200, "application/json", std::move(body)};
}

}  // namespace

AdminResponse answer_views(std::string_view path, const LookAtGraph& look_at_graph) {
  path.remove_prefix(views_path.size());
  if (path.empty() || path == "/") return list_views(look_at_graph);
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  const std::string_view name = path.substr(0, slash);
  if (slash == std::string_view::npos || slash + 1 == path.size())
    return whole_view(name, look_at_graph);
  return one_row(name, path.substr(slash + 1), look_at_graph);
}

}  // namespace sluice
