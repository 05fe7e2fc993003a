#include "config/diagnostics.h"

#include <algorithm>
#include <utility>

#include "config/characters.h"
#include "config/node.h"

namespace sluice {
namespace {

// How much of a long source line is shown on each side of the caret.
constexpr std::size_t context_characters = 80;

bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first >= 0x7f;  // a lone byte >= 0x80: no UTF-8
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;  // C1: terminals obey it
}

bool is_word_character(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first >= 0x80 || (first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') ||
         (first >= 'A' && first <= 'Z');
}

}  // namespace

std::string printable(std::string_view text, std::size_t max_characters) {
  std::string out;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == max_characters) return out + "...";
    const std::string_view character = take_character(text);
    out += is_control(character) ? "?" : character;
  }
  return out;
}

Diagnostics::Diagnostics(std::string file_name, std::string_view source)
    : file_name_(std::move(file_name)), source_(source), line_starts_(find_line_starts(source)) {}

void Diagnostics::error(Position position, std::string_view path, std::string_view message) {
  ++errors_;
  add(Severity::error, position, path, message);
}

void Diagnostics::warning(Position position, std::string_view path, std::string_view message) {
  add(Severity::warning, position, path, message);
}

void Diagnostics::error(const Node& node, std::string_view message) {
  error(node.value.begin, node.path(), message);
}

void Diagnostics::warning(const Node& node, std::string_view message) {
  warning(node.value.begin, node.path(), message);
}

void Diagnostics::add(Severity severity, Position position, std::string_view path,
                      std::string_view message) {
  if (kept_.size() == max_kept) {
    ++left_out_;
    return;
  }
  const auto after = std::upper_bound(
      kept_.begin(), kept_.end(), position,
      [](const Position& place, const Diagnostic& other) { return place < other.position; });
  kept_.insert(after, Diagnostic{severity, position, printable(path), printable(message, 500)});
}

std::string Diagnostics::line(const Diagnostic& diagnostic) const {
  std::string out = printable(file_name_);
  if (diagnostic.position.is_known()) {
    out += ":" + std::to_string(diagnostic.position.line) + ":" +
           std::to_string(diagnostic.position.column);
  }
  out += ": ";
  if (diagnostic.severity == Severity::warning) out += "warning: ";
  if (!diagnostic.path.empty()) out += diagnostic.path + ": ";
  return out + diagnostic.message;
}

std::string Diagnostics::with_source(const Diagnostic& diagnostic) const {
  std::string out = line(diagnostic) + "\n";
  const Position position = diagnostic.position;
  if (!position.is_known() || position.line > line_starts_.size()) return out;

  const std::string number = std::to_string(position.line);
  std::string shown = "  " + number + " | ";
  std::string caret = "  " + std::string(number.size(), ' ') + " | ";
  const std::size_t caret_column = position.column == 0 ? 1 : position.column;
  std::string_view rest = source_line(position.line);
  const std::size_t first = rest.find_first_not_of(" \t");
  const bool is_header = first != std::string_view::npos && rest[first] == '[';
  // A line without '=' may lie inside a list or a text of several lines.
  bool is_value = !is_header && rest.find('=') == std::string_view::npos;
  Position place{position.line, 1};
  for (; !rest.empty(); ++place.column) {
    const std::string_view character = take_character(rest);
    const bool is_masked =
        is_hidden(place) || (hides_all_values_ && is_value && is_word_character(character));
    if (character == "=") is_value = true;
    if (place.column + context_characters < caret_column) continue;
    if (place.column > caret_column + context_characters) break;
    shown += is_masked ? "*" : character == "\t" ? " " : is_control(character) ? "?" : character;
    if (place.column < caret_column) caret += ' ';
  }
  return out + shown + "\n" + caret + "^\n";
}

std::string Diagnostics::all_lines() const {
  std::string out;
  for (const Diagnostic& diagnostic : kept_) out += line(diagnostic) + "\n";
  if (left_out_ > 0) out += "and " + std::to_string(left_out_) + " more\n";
  return out;
}

std::string Diagnostics::all_with_source() const {
  std::string out;
  for (const Diagnostic& diagnostic : kept_) out += with_source(diagnostic);
  if (left_out_ > 0) out += "and " + std::to_string(left_out_) + " more\n";
  return out;
}

Result<void> Diagnostics::result() const {
  if (errors_ == 0) return {};
  const auto first = std::find_if(kept_.begin(), kept_.end(), [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::error;
  });
  // Warnings may have filled the list before the first error.
  std::string message =
      first == kept_.end() ? printable(file_name_) + ": has errors" : line(*first);
  if (errors_ > 1) message += " (and " + std::to_string(errors_ - 1) + " more)";
  return Error{ErrorKind::bad_config, std::move(message)};
}

void Diagnostics::hide(const Span& value) { hidden_.emplace(value.begin, value.end); }

void Diagnostics::show(const Span& value) { hidden_.erase(value.begin); }

bool Diagnostics::is_hidden(Position position) const {
  auto after = hidden_.upper_bound(position);
  return after != hidden_.begin() && position < std::prev(after)->second;
}

std::string_view Diagnostics::source_line(std::uint32_t line) const {
  const std::size_t begin = line_starts_[line - 1];
  std::string_view text = source_.substr(begin, source_.find('\n', begin) - begin);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace sluice
