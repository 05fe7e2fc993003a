// The examples are TOML and have the sections that a gateway needs; whether each option exists is
// checked where all components are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "config/document.h"

namespace sluice {
namespace {

std::vector<std::string> examples() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_EXAMPLES)) {
    const std::string path = entry.path();
    if (path.ends_with(".toml") && !path.ends_with("_test.toml")) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(Examples, Are_found) { EXPECT_GE(examples().size(), 3u); }

TEST(Examples, Each_parses_and_joins_sources_by_pipelines_to_sinks) {
  for (const std::string& path : examples()) {
    const Result<Document> document = Document::load(path);
    ASSERT_TRUE(document) << path;
    EXPECT_FALSE(document->diagnostics().has_errors()) << document->diagnostics().all_lines();
    EXPECT_THAT(document->root().keys(),
                testing::IsSupersetOf({"gateway", "sources", "pipelines", "sinks"}))
        << path;
  }
}

}  // namespace
}  // namespace sluice
