// What the tests of this folder share: a text read into a described struct, and its errors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/table_reader.h"

namespace sluice {

// The diagnostics as lines, without the file's name.
inline std::vector<std::string> lines_of(const Document& document) {
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : document.diagnostics().all()) {
    lines.push_back(document.diagnostics().line(diagnostic).substr(2));
  }
  return lines;
}

template <typename T>
struct Reading {
  explicit Reading(std::string_view text) : document(Document::parse(text, "t")) {
    is_good = read_table(document.root(), value, document.diagnostics());
  }
  std::vector<std::string> lines() const { return lines_of(document); }

  Document document;
  T value;
  bool is_good = false;
};

}  // namespace sluice
