#include "firmware-sim/fleet/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace sluice::sim {
namespace {

using testing::HasSubstr;

class RecordingFile : public testing::Test {
 protected:
  void SetUp() override {
    spec_.file = testing::TempDir() + "recording_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  void TearDown() override { std::filesystem::remove(spec_.file); }

  void write(const std::string& text) { std::ofstream(spec_.file, std::ios::binary) << text; }

  ReplaySpec spec_;
};

TEST_F(RecordingFile, Columns_are_found_by_name_and_missing_values_leave_a_row_out) {
  write(
      "Datetime,CO(GT),T,RH\n"
      "10/03/2004 18:00:00,2.6,13.6,48.9\n"
      "10/03/2004 19:00:00,2,-200,47.7\n"
      "10/03/2004 20:00:00,2.2,,54.0\n"
      "10/03/2004 21:00:00,2.2,11.0,60.0\n");
  spec_.time = {"Datetime"};
  spec_.time_format = "%d/%m/%Y %H:%M:%S";
  spec_.missing = "-200";
  const auto recording = read_recording(spec_, {"RH", "T"});
  ASSERT_TRUE(recording.is_ok()) << recording.error().message;
  ASSERT_EQ(recording->rows.size(), 2U);
  EXPECT_EQ(recording->rows[0].unix_ms, 1'078'941'600'000);
  EXPECT_EQ(recording->rows[0].values, (std::vector<double>{48.9, 13.6}));
  EXPECT_EQ(recording->rows[1].unix_ms - recording->rows[0].unix_ms, 3 * 3600 * 1000);
  EXPECT_EQ(recording->left_out, 2U);
}

TEST_F(RecordingFile, Columns_have_numbers_where_there_are_no_names) {
  write("1164976515546 1 0  17,9 3\n1164976548187 2 0 23,78 3\n");
  spec_.separator = " ";
  spec_.time_format = "unix_ms";
  const auto recording = read_recording(spec_, {"4"});
  ASSERT_TRUE(recording.is_ok()) << recording.error().message;
  ASSERT_EQ(recording->rows.size(), 2U);
  EXPECT_EQ(recording->rows[1].unix_ms, 1'164'976'548'187);
  EXPECT_EQ(recording->rows[0].values[0], 17.9);
}

TEST_F(RecordingFile, A_stamp_may_be_spread_over_columns_and_the_file_compressed) {
  const std::string text = "#YY MM DD hh mm ATMP\n#yr mo dy hr mn degC\n2022 04 21 00 50  7.1\n";
  gzFile file = gzopen(spec_.file.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  spec_.separator = " ";
  spec_.time = {"1", "2", "3", "4", "5"};
  spec_.time_format = "%Y %m %d %H %M";
  const auto recording = read_recording(spec_, {"ATMP"});
  ASSERT_TRUE(recording.is_ok()) << recording.error().message;
  ASSERT_EQ(recording->rows.size(), 1U);
  EXPECT_EQ(recording->rows[0].unix_ms, 1'650'502'200'000);
}

TEST_F(RecordingFile, Its_clock_does_not_go_back) {
  write("1,5\n3,6\n2,7\n4,8\n");
  spec_.time_format = "unix";
  const auto recording = read_recording(spec_, {"2"});
  ASSERT_TRUE(recording.is_ok());
  EXPECT_EQ(recording->rows[2].unix_ms, 3000);
  EXPECT_EQ(recording->rows[3].unix_ms, 4000);
}

TEST_F(RecordingFile, What_is_wrong_names_the_file) {
  EXPECT_THAT(read_recording(spec_, {"2"}).error().message, HasSubstr(spec_.file));
  write("time,value\nnever,1\n");
  EXPECT_THAT(read_recording(spec_, {"valu"}).error().message, HasSubstr("no column 'valu'"));
  EXPECT_THAT(read_recording(spec_, {"3"}).error().message, HasSubstr("no column '3'"));
  EXPECT_THAT(read_recording(spec_, {"value"}).error().message, HasSubstr("no row"));
}

}  // namespace
}  // namespace sluice::sim
