// Table files: a lookup table from a file of CSV, JSON or TOML. What a file is, its name's end
// says.
//
//   devices.csv    a header, then a row a line
//   devices.json   [{"id":"p7","name":"pump"}, ...]     or {"p7": {"name":"pump"}, ...}
//   devices.toml   [[devices]] id = "p7" name = "pump"   or [p7] name = "pump"
//
// The key of a row is in the field `column`; without `column` it is the first one of a CSV file,
// and the name of the row in a file where rows have names. In CSV a column of which every cell is a
// JSON number holds numbers, one of true and false holds truths, any other texts; an empty cell is
// null.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "pipelines/tables/lookup_table.h"

namespace sluice {

struct TableShape {
  std::string column;                // with the keys; empty: see above
  std::vector<std::string> columns;  // that a row has in the table; empty: all but the keys
};

// The table. Its name in messages is `name`.
//   bad_config  one line, of the file's name, the line or row, and what would be right
Result<std::unique_ptr<LookupTable>> read_table_file(const std::string& name,
                                                     std::string_view content,
                                                     const TableShape& shape);

}  // namespace sluice
