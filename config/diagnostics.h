// Diagnostics: everything that is wrong with one configuration file, and where.
//
//   sluice.toml:14:11: sources.hall.topics: 'a/#/b' has '#' before its end
//     14 | topics = ["a/#/b"]
//        |           ^
//
// All errors are collected, so that a person mends a file once and not once per error. Values of
// the file are secret until they are known not to be: the line shown below an error has asterisks
// in the place of each value that has not been read as something harmless.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sluice {

struct Node;

// A place in a file. Both count from 1; columns are characters (Unicode code points), as editors
// count them. Line 0: nowhere in the file (a default, or the file as a whole).
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  bool is_known() const { return line != 0; }
  friend auto operator<=>(const Position&, const Position&) = default;
};

// From `begin` up to, and not including, `end`.
struct Span {
  Position begin;
  Position end;
};

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Position position;
  std::string path;     // "sources.hall.topics"; empty for the file as a whole
  std::string message;  // one line: what is wrong, and what would be right
};

class Diagnostics {
 public:
  // Later ones are counted only: a file that is not a configuration at all has errors on every
  // line.
  static constexpr std::size_t max_kept = 100;

  // `source` is lent and outlives the Diagnostics.
  Diagnostics(std::string file_name, std::string_view source);

  void error(Position position, std::string_view path, std::string_view message);
  void warning(Position position, std::string_view path, std::string_view message);
  // The same, at a node's value and under its path.
  void error(const Node& node, std::string_view message);
  void warning(const Node& node, std::string_view message);

  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  // In order of their position; those at one position in the order they were found.
  const std::vector<Diagnostic>& all() const { return kept_; }

  // "file:line:column: path: message", without a newline. For logs.
  std::string line(const Diagnostic& diagnostic) const;
  // The same with the source line and a caret below, for terminals. Ends with a newline.
  std::string with_source(const Diagnostic& diagnostic) const;

  // All diagnostics, one or several lines each, and a last line that counts what was left out.
  std::string all_lines() const;
  std::string all_with_source() const;

  // ok without errors, otherwise bad_config with the first error's line and the number of others.
  Result<void> result() const;

  // What with_source() may show: see above.
  void hide(const Span& value);
  void show(const Span& value);
  // The file did not parse, so nobody knows which part of it is a secret.
  void hide_all_values() { hides_all_values_ = true; }

 private:
  void add(Severity severity, Position position, std::string_view path, std::string_view message);
  std::string_view source_line(std::uint32_t line) const;
  bool is_hidden(Position position) const;

  std::string file_name_;
  std::string_view source_;
  std::vector<std::size_t> line_starts_;  // byte offsets

  std::vector<Diagnostic> kept_;  // sorted by position
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;

  std::map<Position, Position> hidden_;  // begin to end; disjoint
  bool hides_all_values_ = false;
};

// `text` for one line of a terminal or a log: control characters as '?', and no more than
// `max_characters` characters.
std::string printable(std::string_view text, std::size_t max_characters = 200);

}  // namespace sluice
