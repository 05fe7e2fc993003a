#include "config/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

#include "tests/unit/config/fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(Printable<std::string> && !Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<std::string, Secret>);
static_assert(!std::equality_comparable<Secret>);

struct Account {
  Secret password;
};
void describe(Fields<Account>& fields) {
  fields.optional("password", &Account::password, "Never shown.");
}

Secret secret_of(std::string_view value) {
  const Reading<Account> reading("password = " + std::string(value));
  EXPECT_TRUE(reading.is_good) << reading.document.diagnostics().all_lines();
  return reading.value.password;
}

// Reads `value` and gives the errors, without their place.
std::string error_of(const Secret& secret) {
  const Result<std::string> text = secret.reveal();
  EXPECT_FALSE(text);
  return text ? "" : text.error().message;
}

class SecretFiles : public testing::Test {
 protected:
  SecretFiles() : folder_(testing::TempDir() + "sluice_secret_test/") {
    std::filesystem::create_directories(folder_);
  }
  ~SecretFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + name, std::ios::binary) << text;
    return folder_ + name;
  }
  static Secret at(const std::string& path) { return Secret(Secret::Place::file, path); }

  std::string folder_;
};

TEST(Secret, None_is_empty) {
  const Secret none;
  EXPECT_FALSE(none.is_set());
  EXPECT_EQ(none.reveal().value(), "");
}

TEST(Secret, A_literal_is_itself) { EXPECT_EQ(secret_of("\"abc\\n\"").reveal().value(), "abc\n"); }

TEST(Secret, An_environment_variable_is_read_when_it_is_used) {
  const Secret secret = secret_of("{ env = \"SLUICE_SECRET_TEST\" }");
  EXPECT_THAT(error_of(secret), HasSubstr("'SLUICE_SECRET_TEST': it is not set"));
  ::setenv("SLUICE_SECRET_TEST", "one", 1);
  EXPECT_EQ(secret.reveal().value(), "one");
  ::setenv("SLUICE_SECRET_TEST", "two", 1);
  EXPECT_EQ(secret.reveal().value(), "two");
  ::unsetenv("SLUICE_SECRET_TEST");
}

TEST_F(SecretFiles, One_line_end_is_not_part_of_the_secret) {
  EXPECT_EQ(at(write("a", "abc\n")).reveal().value(), "abc");
  EXPECT_EQ(at(write("b", "abc\r\n")).reveal().value(), "abc");
  EXPECT_EQ(at(write("c", "abc\n\n")).reveal().value(), "abc\n");
  EXPECT_EQ(at(write("d", "abc")).reveal().value(), "abc");
  EXPECT_EQ(at(write("e", "abc\r")).reveal().value(), "abc\r");
  EXPECT_EQ(at(write("f", "")).reveal().value(), "");
}

TEST_F(SecretFiles, A_file_has_a_bound) {
  EXPECT_TRUE(at(write("a", std::string(Secret::max_bytes, 'x'))).reveal());
  EXPECT_THAT(error_of(at(write("b", std::string(Secret::max_bytes + 1, 'x')))),
              HasSubstr("larger than 64 KiB"));
}

TEST_F(SecretFiles, What_is_no_file_is_an_error_and_never_waits) {
  EXPECT_THAT(error_of(at(folder_ + "none")), HasSubstr("No such file"));
  EXPECT_THAT(error_of(at(folder_)), HasSubstr("not a regular file"));
  const std::string pipe = folder_ + "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(error_of(at(pipe)), HasSubstr("not a regular file"));
}

TEST_F(SecretFiles, A_credential_lies_in_the_services_directory) {
  const Secret secret = secret_of("{ credential = \"broker\" }");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(error_of(secret), HasSubstr("LoadCredential="));
  write("broker", "s3\n");
  ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
  EXPECT_EQ(secret.reveal().value(), "s3");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(Secret, A_wrong_form_is_an_error) {
  const auto lines = [](const std::string& value) {
    return Reading<Account>("password = " + value).lines();
  };
  EXPECT_THAT(lines("5"), ElementsAre(HasSubstr("must be a text, or { env = ")));
  EXPECT_THAT(lines("{ env = \"A\", file = \"b\" }"), ElementsAre(HasSubstr("not a table")));
  EXPECT_THAT(lines("{}"), ElementsAre(HasSubstr("not a table")));
  EXPECT_THAT(lines("{ env = 5 }"), ElementsAre(HasSubstr("not a table")));
  EXPECT_THAT(lines("{ pass = \"x\" }"),
              ElementsAre(HasSubstr("1:14: password: unknown key 'pass'")));
  EXPECT_THAT(lines("{ env = \"\" }"), ElementsAre(HasSubstr("must not be empty")));
  EXPECT_THAT(lines("{ credential = \"../x\" }"), ElementsAre(HasSubstr("without '/'")));
}

}  // namespace
}  // namespace sluice
