// What all suites share: counting, declared rules, reading rows.
#include <zlib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;

// The member of `row` at a dotted path, or nullptr.
const json* member(const json& row, std::string_view path) {
  const json* at = &row;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const auto found = at->is_object() ? at->find(std::string(path.substr(0, dot))) : at->end();
    if (found == at->end()) return nullptr;
    at = &*found;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

bool is_one_of(const json& value, const std::vector<std::string>& wanted) {
  for (const std::string& text : wanted) {
    if (text_of(value) == text) return true;
  }
  return false;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "sluice_conformance: %s\n", why.c_str());
  std::exit(1);
}

std::string read_gzip(const std::filesystem::path& file) {
  gzFile in = gzopen(file.c_str(), "rb");
  if (in == nullptr) give_up("cannot read " + file.string());
  std::string text;
  char buffer[64 * 1024];
  for (int got = 0; (got = gzread(in, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  gzclose(in);
  return text;
}

}  // namespace

void Report::fail(std::string_view id, std::string_view why) {
  ++failed_;
  if (printable_ == 0) return;
  --printable_;
  std::printf("  FAILED %.*s: %.*s\n", static_cast<int>(id.size()), id.data(),
              static_cast<int>(why.size()), why.data());
}

const Rule* Suite::declared(const json& row) const {
  for (const Rule& rule : rules) {
    const json* value = member(row, rule.field);
    if (value == nullptr) continue;
    if (rule.values.empty() || is_one_of(*value, rule.values)) return &rule;
    if (!value->is_array()) continue;
    for (const json& element : *value) {
      if (is_one_of(element, rule.values)) return &rule;
    }
  }
  return nullptr;
}

std::string read_text(const std::filesystem::path& file) {
  if (file.extension() == ".gz") return read_gzip(file);
  std::ifstream in(file, std::ios::binary);
  if (!in) give_up("cannot read " + file.string());
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

void each_row(const std::filesystem::path& file, const std::function<void(const json&)>& visit) {
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) visit(json::parse(line));
  }
}

}  // namespace sluice::conformance
