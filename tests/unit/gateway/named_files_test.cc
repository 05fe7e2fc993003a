#include "gateway/named_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "gateway/configuration.h"
#include "gateway/file_watch.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class NamedFilesTest : public testing::Test {
 protected:
  NamedFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-files-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~NamedFilesTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  std::filesystem::path folder_;
};

TEST_F(NamedFilesTest, A_file_is_read_once_and_is_then_part_of_the_configuration) {
  write("b.csv", "new");
  write("a.csv", "other");
  NamedFiles files = NamedFiles::on_disk(folder_);
  EXPECT_EQ(*files.read("b.csv"), "new");
  write("b.csv", "newer");
  EXPECT_EQ(*files.read("b.csv"), "new");
  EXPECT_EQ(*files.read((folder_ / "a.csv").string()), "other");
  EXPECT_EQ(files.files().size(), 2u);

  NamedFiles stored = NamedFiles::stored(files.files());
  EXPECT_EQ(*stored.read("b.csv"), "new");
  EXPECT_THAT(stored.read("c.csv").error().message, HasSubstr("was not stored"));
}

TEST_F(NamedFilesTest, What_cannot_be_read_says_why) {
  NamedFiles files = NamedFiles::beside((folder_ / "sluice.toml").string());
  EXPECT_THAT(files.read("none.csv").error().message,
              HasSubstr("there is no file " + (folder_ / "none.csv").string()));
  EXPECT_THAT(files.read(folder_.string()).error().message, HasSubstr("is not a file"));
  EXPECT_THAT(files.read("/dev/zero").error().message, HasSubstr("is not a file"));
  write("large.csv", std::string(NamedFiles::max_file_bytes + 1, 'x'));
  EXPECT_THAT(files.read("large.csv").error().message, HasSubstr("more than 4 MiB"));
  for (int i = 0; i < 5; ++i) {
    const std::string name = std::to_string(i);
    write(name, std::string(NamedFiles::max_file_bytes, 'x'));
    EXPECT_EQ(files.read(name).is_ok(), i < 4);
  }
}

TEST_F(NamedFilesTest, A_configuration_is_read_with_the_files_that_were_stored_with_it) {
  const std::string text = R"toml([sources.s]
type = "coap"
listen = ["coap://127.0.0.1:0"]
[pipelines.p]
from = ["s"]
to = ["k"]
steps = [{ enrich = { table = "t.csv", key = "subject" } }, { validate = { schema = "s.json" } }]
[sinks.k]
type = "file"
path = "/nowhere"
)toml";
  const std::string name = (folder_ / "sluice.toml").string();
  std::string problems;
  write("t.csv", "id,a\nx,1\n");
  EXPECT_FALSE(read_configuration_text(text, name, problems, false));
  EXPECT_THAT(problems, HasSubstr("sluice.toml:7:85: pipelines.p.steps[1].validate.schema: there "
                                  "is no file " +
                                  (folder_ / "s.json").string()));
  write("s.json", R"({"typ": "object"})");
  EXPECT_FALSE(read_configuration_text(text, name, problems, false));
  EXPECT_THAT(problems, HasSubstr("s.json: #/typ: this keyword is not known"));
  write("s.json", R"({"type": "object"})");
  const auto read = read_configuration_text(text, name, problems, false);
  ASSERT_TRUE(read) << problems;
  EXPECT_THAT(read->files, ElementsAre(EpochFile{"s.json", R"({"type": "object"})"},
                                       EpochFile{"t.csv", "id,a\nx,1\n"}));
  write("t.csv", "id\n\"");
  EXPECT_FALSE(read_configuration_text(text, name, problems, false));
  EXPECT_TRUE(
      read_configuration_text(text, name, NamedFiles::stored(read->files), problems, false));
}

TEST_F(NamedFilesTest, Two_views_of_one_name_are_an_error) {
  const std::string text = R"toml([sources.s]
type = "coap"
listen = ["coap://127.0.0.1:0"]
[pipelines.a]
from = ["s"]
steps = [{ view = { name = "latest" } }]
[pipelines.b]
from = ["s"]
steps = [{ view = { name = "latest" } }]
)toml";
  std::string problems;
  EXPECT_FALSE(read_configuration_text(text, "sluice.toml", problems, false));
  EXPECT_THAT(problems, HasSubstr("sluice.toml:7:"));
  EXPECT_THAT(problems, HasSubstr("the view 'latest' of step view#1 has the same name as one of "
                                  "pipeline a"));
}

TEST_F(NamedFilesTest, A_watch_tells_each_change_once_and_when_the_file_rests) {
  write("t.csv", "one");
  FileWatch watch(folder_, {{"t.csv", "one"}});
  EXPECT_FALSE(watch.look());
  EXPECT_FALSE(watch.look());
  write("t.csv", "three");
  EXPECT_FALSE(watch.look());  // it may still be being written
  EXPECT_TRUE(watch.look());
  EXPECT_FALSE(watch.look());
  // Written again with the same content: nothing to do.
  std::filesystem::last_write_time(
      folder_ / "t.csv", std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
  EXPECT_FALSE(watch.look());
  EXPECT_FALSE(watch.look());
  std::filesystem::remove(folder_ / "t.csv");
  EXPECT_FALSE(watch.look());
  EXPECT_TRUE(watch.look());
  write("t.csv", "three");
  EXPECT_FALSE(watch.look());
  EXPECT_TRUE(watch.look());
}

TEST_F(NamedFilesTest, A_file_that_changed_before_the_watch_began_is_told) {
  write("t.csv", "two");
  FileWatch watch(folder_, {{"t.csv", "one"}});
  EXPECT_FALSE(watch.look());
  EXPECT_TRUE(watch.look());
}

}  // namespace
}  // namespace sluice
