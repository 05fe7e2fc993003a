#include "gateway/tables/csv.h"

#include <algorithm>
#include <utility>

#include "core/value.h"

namespace sluice {
namespace {

class CsvParser {
 public:
  explicit CsvParser(std::string_view text) : rest_(text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  }

  bool at_end() const { return rest_.empty(); }

  Result<CsvRecord> record() {
    CsvRecord record{line_, {}};
    for (;;) {
      record.cells.push_back(TRY(cell()));
      if (take(",")) continue;
      if (take("\r\n") || take("\n")) ++line_;
      return record;
    }
  }

 private:
  Error wrong(std::size_t line, std::string_view what) const {
    return {ErrorKind::bad_config, std::to_string(line) + ": " + std::string(what)};
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  Result<std::string> cell() {
    if (take("\"")) return quoted_cell();
    // A lone carriage return is text; before a line feed it belongs to the end of the line.
    std::size_t end = rest_.find_first_of(",\n");
    if (end == std::string_view::npos) end = rest_.size();
    if (end > 0 && rest_[end - 1] == '\r' && (end == rest_.size() || rest_[end] == '\n')) --end;
    const std::string_view text = rest_.substr(0, end);
    if (text.find('"') != std::string_view::npos)
      return wrong(line_,
                   "a quote in the middle of a cell; put the whole cell in quotes, and "
                   "write a quote inside it twice");
    rest_.remove_prefix(end);
    if (rest_ == "\r") rest_ = {};  // the last line ends with half a line end
    return std::string(text);
  }

  // After the opening quote.
  Result<std::string> quoted_cell() {
    const std::size_t start = line_;
    std::string text;
    for (;;) {
      const std::size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) return wrong(start, "a quote is never closed");
      const std::string_view part = rest_.substr(0, quote);
      line_ += static_cast<std::size_t>(std::ranges::count(part, '\n'));
      text += part;
      rest_.remove_prefix(quote + 1);
      if (!take("\"")) break;
      text += '"';
    }
    const bool ends = rest_.empty() || rest_.starts_with(",") || rest_.starts_with("\n") ||
                      rest_.starts_with("\r\n") || rest_ == "\r";
    if (!ends)
      return wrong(line_, "text behind a closing quote; write a quote inside a cell twice");
    return text;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

bool is_blank(const CsvRecord& record) {
  return record.cells.size() == 1 && record.cells.front().empty();
}

}  // namespace

Result<std::vector<CsvRecord>> parse_csv(std::string_view text, std::size_t max_records) {
  std::vector<CsvRecord> records;
  CsvParser parser(text);
  while (!parser.at_end()) {
    CsvRecord record = TRY(parser.record());
    if (is_blank(record)) continue;
    const std::string line = std::to_string(record.line) + ": ";
    if (!std::ranges::all_of(record.cells, [](const std::string& cell) { return is_utf8(cell); }))
      return Error{ErrorKind::bad_config, line + "a cell is not UTF-8; save the file as UTF-8"};
    if (records.size() >= max_records) {
      return Error{ErrorKind::bad_config,
                   line + "there are more than " + std::to_string(max_records) + " rows"};
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace sluice
