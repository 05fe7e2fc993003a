#include "gateway/screen_text.h"

#include <gtest/gtest.h>

#include "core/span_text.h"

namespace sluice {
namespace {
using namespace std::chrono_literals;

TEST(ScreenText, A_text_takes_exactly_its_columns) {
  EXPECT_EQ(fit_left("cloud", 8), "cloud   ");
  EXPECT_EQ(fit_right("17", 5), "   17");
  EXPECT_EQ(fit_left("a-very-long-name", 8), "a-very..");
  EXPECT_EQ(fit_left("Größe", 6), "Größe ") << "a letter is a column, however many bytes it has";
  EXPECT_EQ(fit_left("ÄÖÜäöü", 4), "ÄÖ..");
}

TEST(ScreenText, Lines_break_between_words_and_the_last_one_is_cut) {
  EXPECT_EQ(wrap("one two three", 9, 3), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("one two three", 8, 1), (std::vector<std::string>{"one tw.."}));
  EXPECT_EQ(wrap("unbreakable", 4, 2), (std::vector<std::string>{"unbr", "ea.."}));
  EXPECT_EQ(wrap("exactly ten", 11, 1), (std::vector<std::string>{"exactly ten"}));
  EXPECT_TRUE(wrap("", 10, 2).empty());
}

TEST(ScreenText, A_count_that_is_too_wide_is_told_in_thousands_and_millions) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(count_text(123'456, 7), "123,456");
  EXPECT_EQ(count_text(1'234'567, 7), "1,234 K");
  EXPECT_EQ(count_text(123'456'789, 7), "123 M");
}

TEST(ScreenText, Amounts_have_the_unit_that_a_person_would_choose) {
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(33'030'144), "31.5 MiB");
  EXPECT_EQ(rate_text(0), "0");
  EXPECT_EQ(rate_text(0.01), "<0.1");
  EXPECT_EQ(rate_text(12.46), "12.5");
  EXPECT_EQ(rate_text(65'432.1), "65,432");
  EXPECT_EQ(span_text(119s), "119 s");
  EXPECT_EQ(span_text(3min), "3 min");
  EXPECT_EQ(span_text(41h), "41 h");
  EXPECT_EQ(span_text(72h), "3 d");
  EXPECT_EQ(span_text(-5s), "0 s") << "the clock was set back";
}

TEST(ScreenText, What_a_terminal_would_obey_is_taken_out) {
  EXPECT_EQ(on_one_line("red \x1b[31m\r\n"), "red ?[31m? ");
  EXPECT_EQ(on_one_line("\xC2\x9B"
                        "31m"),
            "?31m")
      << "CSI as one C1 character";
  EXPECT_EQ(on_one_line("20 °C"), "20 °C");
}

}  // namespace
}  // namespace sluice
