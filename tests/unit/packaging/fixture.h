// What the tests of this folder share: a folder that is removed at the end, and the tools whose
// formats are read.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "packaging/provisioning/files.h"
#include "packaging/provisioning/program.h"

namespace sluice {

class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-test.XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  void put(std::string_view name, std::string_view text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string get(std::string_view name) const {
    const auto text = read_file(folder_ / name);
    EXPECT_TRUE(text) << name;
    return text ? *text : "";
  }
  // A tool that must succeed.
  static void run(const std::vector<std::string>& command, std::string_view input = {}) {
    const auto output = output_of(command, input);
    EXPECT_TRUE(output) << output.error().message;
  }

  std::filesystem::path folder_;
};

// Tests against a tool's output are skipped, with its name, where it is missing.
#define NEEDS(program) \
  if (!is_installed(program)) GTEST_SKIP() << "the program " << (program) << " is not installed"

// "" for ok.
template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().message;
}

}  // namespace sluice
