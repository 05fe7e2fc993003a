// A folder of its own for test files that a test writes.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/testing/run_tests.h"

namespace sluice {

// Two sources and one pipeline with a filter, as most tests here need it.
inline constexpr const char* tested_configuration = R"toml([gateway]
name = "box"
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:0"]
[sources.meters]
type = "coap"
listen = ["coap://127.0.0.1:0"]
decode = "json"
[pipelines.all]
from = ["floor", "meters"]
to = ["cloud"]
[[pipelines.all.steps]]
filter = "data.t > 0"
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:1/"
)toml";

class CaseTestFolder : public testing::Test {
 protected:
  CaseTestFolder() { std::filesystem::create_directories(folder_); }
  ~CaseTestFolder() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
  }

  // Runs one file with these cases against the configuration above.
  TestRun run_cases(const std::string& cases) const {
    write("box.toml", tested_configuration);
    write("a_test.toml", "configuration = \"box.toml\"\n" + cases);
    return run({path("a_test.toml")});
  }

  TestRun run(std::vector<std::string> paths, std::string filter = {}) const {
    return run_tests({std::move(paths), std::move(filter), false});
  }

  std::string report_of(const TestRun& run) const {
    return without_folder(render_test_run(run, /*is_colored=*/false));
  }
  std::string problems_of(const TestRun& run) const { return without_folder(run.problems); }

  std::string without_folder(std::string text) const {
    const std::string prefix = folder_.string() + "/";
    for (std::size_t at; (at = text.find(prefix)) != std::string::npos;)
      text.erase(at, prefix.size());
    return text;
  }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() /
      ("sluice-case-test-" + std::to_string(getpid()) + "-" +
       testing::UnitTest::GetInstance()->current_test_info()->name());
};

}  // namespace sluice
