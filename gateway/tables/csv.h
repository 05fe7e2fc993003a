// CSV (RFC 4180): records of cells, with the line that each begins on.
//
// Cells are separated by commas and records by line ends (LF or CRLF; the last may be missing). A
// cell in double quotes may hold commas, line ends, and quotes written twice. Beyond the RFC: a
// byte order mark is passed over, and a line without anything is no record.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sluice {

struct CsvRecord {
  std::size_t line = 0;  // counts from 1
  std::vector<std::string> cells;
};

// At most `max_records` records. The message of an error begins with its line: "7: ...".
//   bad_config  a quote in the middle of a cell, a quote that is never closed, text that is not
//               UTF-8, too many records
Result<std::vector<CsvRecord>> parse_csv(std::string_view text, std::size_t max_records);

}  // namespace sluice
