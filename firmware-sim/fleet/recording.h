// Recording: readings that somebody took once, to be played again with their own time stamps.
//
//   Datetime,CO(GT),T,RH                 file = "air.csv.gz", time = ["Datetime"],
//   10/03/2004 18:00:00,2.6,13.6,48.9    time_format = "%d/%m/%Y %H:%M:%S"
//
// Columns are named as in the file's first line, or by their number from 1 when the file has no
// such line. A row without a number in one of the columns asked for is left out and counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/fields.h"
#include "core/result.h"

namespace sluice::sim {

struct ReplaySpec {
  std::string file;                       // plain or gzip; a relative path is beside the fleet file
  std::vector<std::string> time = {"1"};  // the columns of the time stamps, joined by blanks
  std::string time_format = "%Y-%m-%d %H:%M:%S";  // as strptime; or "unix", "unix_ms"
  std::string separator = ",";                    // one character; " ": any number of blanks
  std::string missing;  // a text that stands for no value, besides what is no number
  bool again = false;   // from the start when it is over
};
void describe(Fields<ReplaySpec>& fields);

struct Recording {
  struct Row {
    std::int64_t unix_ms = 0;    // never before the row above
    std::vector<double> values;  // of the columns asked for, in their order
  };
  std::vector<Row> rows;
  std::uint64_t left_out = 0;
};

//   bad_config  there is no such file or column, or no row is good; the message names the file
Result<Recording> read_recording(const ReplaySpec& spec, const std::vector<std::string>& columns);

}  // namespace sluice::sim
