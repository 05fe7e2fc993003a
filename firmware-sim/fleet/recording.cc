#include "firmware-sim/fleet/recording.h"

#include <time.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice::sim {
namespace {

constexpr std::size_t max_rows = 10'000'000;

Result<void> check_separator(const std::string& text) {
  if (text.size() == 1) return {};
  return Error{ErrorKind::bad_config, "must be one character, \" \" for blanks"};
}

Error wrong(const ReplaySpec& spec, const std::string& what) {
  return {ErrorKind::bad_config, spec.file + ": " + what};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\"";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

void split(std::string_view line, char separator, std::vector<std::string_view>& cells) {
  cells.clear();
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t end = std::min(line.find(separator, at), line.size());
    const std::string_view cell = trimmed(line.substr(at, end - at));
    if (separator != ' ' || !cell.empty()) cells.push_back(cell);
    at = end + 1;
  }
}

std::optional<double> number_of(std::string_view cell, const ReplaySpec& spec) {
  if (cell.empty() || (!spec.missing.empty() && cell == spec.missing)) return std::nullopt;
  std::string text(cell);
  std::ranges::replace(text, ',', '.');  // a decimal comma, where commas do not separate
  double number = 0;
  const char* const begin = text.data() + (text.front() == '+' ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(begin, end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> time_of(const std::string& text, const ReplaySpec& spec) {
  if (spec.time_format == "unix" || spec.time_format == "unix_ms") {
    const auto number = number_of(text, spec);
    if (!number) return std::nullopt;
    return std::llround(*number * (spec.time_format == "unix" ? 1000.0 : 1.0));
  }
  tm parts{};
  const char* const end = strptime(text.c_str(), spec.time_format.c_str(), &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::int64_t{timegm(&parts)} * 1000;
}

// By its number from 1, or by its name in the first line.
std::optional<std::size_t> column_index(const std::vector<std::string_view>& first_line,
                                        const std::string& column) {
  std::size_t number = 0;
  const char* const end = column.data() + column.size();
  const auto parsed = std::from_chars(column.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end) {
    if (number < 1 || number > first_line.size()) return std::nullopt;
    return number - 1;
  }
  const auto found = std::ranges::find(first_line, std::string_view(column));
  if (found == first_line.end()) return std::nullopt;
  return static_cast<std::size_t>(found - first_line.begin());
}

struct GzCloser {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

// False at the end.
bool read_line(gzFile_s& file, std::string& line) {
  std::array<char, 4096> part{};
  line.clear();
  while (gzgets(&file, part.data(), static_cast<int>(part.size())) != nullptr) {
    line += part.data();
    if (line.ends_with('\n')) break;
  }
  return !line.empty();
}

// What of a row is asked for.
struct Choice {
  std::vector<std::size_t> time;
  std::vector<std::size_t> values;
};

Result<Choice> choose(const ReplaySpec& spec, const std::vector<std::string>& columns,
                      const std::vector<std::string_view>& header) {
  const auto find = [&](const std::string& column) -> Result<std::size_t> {
    const auto index = column_index(header, column);
    if (!index) return wrong(spec, "has no column '" + column + "' in its first line");
    return *index;
  };
  Choice choice;
  for (const std::string& column : spec.time) choice.time.push_back(TRY(find(column)));
  for (const std::string& column : columns) choice.values.push_back(TRY(find(column)));
  return choice;
}

std::optional<Recording::Row> row_of(const ReplaySpec& spec, const Choice& choice,
                                     const std::vector<std::string_view>& cells) {
  std::string stamp;
  for (const std::size_t column : choice.time) {
    if (column >= cells.size()) return std::nullopt;
    if (!stamp.empty()) stamp += ' ';
    stamp += cells[column];
  }
  const auto time = time_of(stamp, spec);
  if (!time) return std::nullopt;
  Recording::Row row{*time, {}};
  for (const std::size_t column : choice.values) {
    if (column >= cells.size()) return std::nullopt;
    const auto number = number_of(cells[column], spec);
    if (!number) return std::nullopt;
    row.values.push_back(*number);
  }
  return row;
}

}  // namespace

void describe(Fields<ReplaySpec>& fields) {
  fields.required("file", &ReplaySpec::file, "CSV, plain or gzip; relative to the fleet file.")
      .not_empty()
      .optional(
          "time", &ReplaySpec::time,
          "The columns of the time stamp, by name or number from 1; several are joined by blanks.")
      .not_empty()
      .optional("time_format", &ReplaySpec::time_format,
                "As strptime, in UTC; or \"unix\" (seconds), \"unix_ms\".")
      .optional("separator", &ReplaySpec::separator, "One character; \" \": blanks.")
      .checked_by(check_separator, "one character")
      .optional("missing", &ReplaySpec::missing, "A text that stands for no value.")
      .optional("again", &ReplaySpec::again, "Starts again when it is over.");
}

Result<Recording> read_recording(const ReplaySpec& spec, const std::vector<std::string>& columns) {
  const std::unique_ptr<gzFile_s, GzCloser> file(gzopen(spec.file.c_str(), "rb"));
  if (file == nullptr) return wrong(spec, "cannot be read");
  Recording recording;
  std::string line;
  std::vector<std::string_view> cells;
  std::optional<Choice> choice;
  while (read_line(*file, line) && recording.rows.size() < max_rows) {
    split(line, spec.separator.front(), cells);
    const bool is_first = !choice;
    if (is_first) choice = TRY(choose(spec, columns, cells));
    auto row = row_of(spec, *choice, cells);
    if (!row) {
      if (!is_first) ++recording.left_out;  // the first may be the names
      continue;
    }
    // A device's clock does not go back.
    if (!recording.rows.empty()) {
      row->unix_ms = std::max(row->unix_ms, recording.rows.back().unix_ms);
    }
    recording.rows.push_back(std::move(*row));
  }
  if (recording.rows.empty()) return wrong(spec, "has no row with a time and a number");
  return recording;
}

}  // namespace sluice::sim
