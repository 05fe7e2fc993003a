#include "gateway/tables/table_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/value.h"
#include "gateway/tables/csv.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string row_of(const LookupTable& table, std::string_view key) {
  const Value* row = table.find(key);
  return row == nullptr ? "-" : to_json(*row);
}
std::string error_of(const std::string& name, std::string_view content,
                     const TableShape& shape = {}) {
  const auto table = read_table_file(name, content, shape);
  return table ? "" : table.error().message;
}
std::vector<std::vector<std::string>> cells_of(std::string_view text) {
  std::vector<std::vector<std::string>> cells;
  const auto records = parse_csv(text, 1000);
  EXPECT_TRUE(records.is_ok()) << records.error().message;
  for (const CsvRecord& record : *records) cells.push_back(record.cells);
  return cells;
}

TEST(Csv, Cells_may_hold_commas_line_ends_and_quotes) {
  EXPECT_THAT(
      cells_of("\xEF\xBB\xBF"
               "a,b\r\n\"x,\"\"y\"\"\nz\",\n\n,last"),
      ElementsAre(ElementsAre("a", "b"), ElementsAre("x,\"y\"\nz", ""), ElementsAre("", "last")));
  EXPECT_THAT(cells_of("a,\"b\"\r"), ElementsAre(ElementsAre("a", "b")));
}

TEST(Csv, A_fault_names_its_line) {
  const auto error = [](std::string_view text) {
    const auto records = parse_csv(text, 3);
    return records ? "" : records.error().message;
  };
  EXPECT_THAT(error("a\n\"x\ny\"\nb\"c\n"), StartsWith("4: a quote in the middle"));
  EXPECT_THAT(error("a\n\"x\ny\n"), StartsWith("2: a quote is never closed"));
  EXPECT_THAT(error("a\n\"x\"y\n"), StartsWith("2: text behind a closing quote"));
  EXPECT_THAT(error("a\n\xFF\n"), StartsWith("2: a cell is not UTF-8"));
  EXPECT_THAT(error("a\nb\nc\nd\n"), StartsWith("4: there are more than 3 rows"));
}

// Writing is simple, so that it can be the oracle of reading.
TEST(Csv, What_was_written_is_read) {
  std::mt19937 random(11);
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int seed = 0; seed < 500; ++seed) {
    std::vector<std::vector<std::string>> cells(1 + pick(4));
    std::string text;
    for (auto& record : cells) {
      record.resize(2 + pick(3));
      for (std::string& cell : record) {
        for (unsigned i = pick(5); i > 0; --i) cell += "ab,\"\n\r"[pick(6)];
        const bool must_quote = cell.find_first_of(",\"\n\r") != std::string::npos;
        std::string quoted;
        for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
        text += (&cell == record.data() ? "" : ",");
        text += must_quote || pick(4) == 0 ? "\"" + quoted + "\"" : cell;
      }
      text += pick(2) == 0 ? "\n" : "\r\n";
    }
    ASSERT_EQ(cells_of(text), cells) << text;
  }
}

TEST(TableFile, Columns_of_a_csv_file_have_the_type_that_all_their_cells_have) {
  const auto table = read_table_file("t.csv",
                                     "id,zip,limit,mixed,on,none\n"
                                     "p7,01234,80,1,true,\n"
                                     "17,56789,,x,,\n",
                                     {});
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ((*table)->size(), 2u);
  EXPECT_EQ(row_of(**table, "p7"),
            R"({"zip":"01234","limit":80,"mixed":"1","on":true,"none":null})");
  EXPECT_EQ(row_of(**table, "17"),
            R"({"zip":"56789","limit":null,"mixed":"x","on":null,"none":null})");
  EXPECT_EQ(row_of(**table, "p8"), "-");
}

TEST(TableFile, The_three_formats_say_the_same) {
  const auto check = [](const std::string& name, std::string_view content,
                        const TableShape& shape) {
    SCOPED_TRACE(name);
    const auto table = read_table_file(name, content, shape);
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ(row_of(**table, "p7"), R"({"limit":80})");
    EXPECT_EQ(row_of(**table, "17"), R"({"limit":65.5})");
  };
  const std::vector<std::string> limit = {"limit"};
  check("t.csv", "name,id,limit\npump,p7,80\nfan,17,65.5\n", {"id", limit});
  check("t.json", R"([{"id":"p7","name":"pump","limit":80},{"id":17,"limit":65.5}])",
        {"id", limit});
  check("t.json", R"({"p7":{"name":"pump","limit":80},"17":{"limit":65.5}})", {"", limit});
  check("t.toml", "[[devices]]\nid = \"p7\"\nlimit = 80\n[[devices]]\nid = 17\nlimit = 65.5\n",
        {"id", limit});
  check("t.toml", "[p7]\nname = \"pump\"\nlimit = 80\n[17]\nlimit = 65.5\n", {"", limit});
}

TEST(TableFile, A_fault_names_file_line_and_remedy) {
  EXPECT_THAT(error_of("t.csv", "id,a\np7,1,2\n"),
              StartsWith("t.csv:2: the row has 3 cells, and the header has 2; put a cell that"));
  EXPECT_THAT(error_of("t.csv", "id,a\np7,1\n\np7,2\n"),
              "t.csv:4: there is another row of the key 'p7'");
  EXPECT_THAT(error_of("t.csv", "id,a\n,1\n"), StartsWith("t.csv:2: the row has no 'id'"));
  EXPECT_THAT(error_of("t.csv", "id,a\np,1\n", {"di", {}}),
              "t.csv: there is no column 'di'; did you mean 'id'?");
  EXPECT_THAT(error_of("t.csv", "id,name\np,1\n", {"", {"nam"}}), HasSubstr("did you mean 'name'"));
  EXPECT_THAT(error_of("t.csv", "id,id\n"), StartsWith("t.csv:1: two columns are called 'id'"));
  EXPECT_THAT(error_of("t.csv", "id,\n"), StartsWith("t.csv:1: the first line is the header"));
  EXPECT_THAT(error_of("t.csv", ""), StartsWith("t.csv: it is empty"));
  EXPECT_THAT(error_of("t.csv", "id\n\"p"), StartsWith("t.csv:2: a quote is never closed"));
  EXPECT_THAT(error_of("t.json", "{\n\"a\": {},\n}"), StartsWith("t.json:3: not JSON"));
  EXPECT_THAT(error_of("t.json", "[{}]"), HasSubstr("`column` must name the field"));
  EXPECT_THAT(error_of("t.json", R"([{"id":1},{"x":1}])", {"id", {}}),
              StartsWith("t.json: row 2: the row has no 'id'"));
  EXPECT_THAT(error_of("t.json", R"([{"id":{}}])", {"id", {}}), HasSubstr("cannot be a key"));
  EXPECT_THAT(error_of("t.json", R"({"p7":1})"), StartsWith("t.json: row 'p7': a row is not"));
  EXPECT_THAT(error_of("t.json", R"([{"id":1,"b":1}])", {"id", {"c"}}),
              HasSubstr("there is no column 'c'"));
  EXPECT_THAT(error_of("t.json", "5"), HasSubstr("neither a list nor an object"));
  EXPECT_THAT(error_of("t.toml", "a = \n"), StartsWith("t.toml:1:"));
  EXPECT_THAT(error_of("t.txt", ""), HasSubstr("ends in .csv, .json or .toml"));
}

TEST(TableFile, Rows_are_bounded) {
  std::string content = "id\n";
  for (std::size_t i = 0; i <= LookupTable::max_rows; ++i) content += std::to_string(i) + "\n";
  EXPECT_THAT(error_of("t.csv", content),
              HasSubstr("t.csv:100002: there are more than 100000 rows"));
}

}  // namespace
}  // namespace sluice
