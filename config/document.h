// Document: a TOML 1.0 file, parsed, with the place of every value.
//
//   Document document = Document::parse(text, "sluice.toml");
//   GatewayConfig config;
//   read_table(document.root(), config, document.diagnostics());     // table_reader.h
//   if (document.diagnostics().has_errors()) ...
//
// There is always a Document: a file that does not parse is one with an error and an empty root.
// Movable; nodes, tables and diagnostics stay valid while it lives, also over a move.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "config/diagnostics.h"
#include "config/node.h"
#include "config/table.h"
#include "core/result.h"

namespace sluice {

class Document {
 public:
  static constexpr std::size_t max_bytes = std::size_t{1} << 20;
  // Of tables and arrays in each other, and of the parts of one dotted key.
  static constexpr std::size_t max_depth = 32;

  // `file_name` is only for messages. Larger or deeper texts are an error and are not looked at.
  static Document parse(std::string_view text, std::string file_name);

  // Reads and parses a file. Errors: bad_config when it cannot be read.
  static Result<Document> load(const std::string& path);

  RawTable root() const { return RawTable(*root_); }
  const std::string& text() const { return *text_; }
  const std::string& file_name() const { return file_name_; }

  Diagnostics& diagnostics() { return *diagnostics_; }
  const Diagnostics& diagnostics() const { return *diagnostics_; }

 private:
  Document(std::string_view text, std::string file_name);

  std::string file_name_;
  std::unique_ptr<const std::string> text_;  // without a byte order mark; nodes point into it
  std::unique_ptr<Diagnostics> diagnostics_;
  std::unique_ptr<Node> root_;
};

}  // namespace sluice
