#include "gateway/testing/run_tests.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view test_file_ending = "_test.toml";

// Appends the test files that a path stands for. False: it is a folder that cannot be read.
bool find_files(const std::string& path, std::vector<std::string>& files) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    files.push_back(path);  // whether it is there shows when it is read
    return true;
  }
  std::vector<std::string> found;
  std::filesystem::recursive_directory_iterator entry(path, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().string();
    if (entry->is_regular_file(error) && name.ends_with(test_file_ending)) found.push_back(name);
  }
  std::ranges::sort(found);
  files.insert(files.end(), found.begin(), found.end());
  return !error;
}

}  // namespace

std::size_t TestRun::failed() const {
  std::size_t count = 0;
  for (const FileResult& file : files)
    count +=
        static_cast<std::size_t>(std::ranges::count(file.cases, false, &CaseResult::has_passed));
  return count;
}

std::size_t TestRun::passed() const {
  std::size_t count = 0;
  for (const FileResult& file : files)
    count +=
        static_cast<std::size_t>(std::ranges::count(file.cases, true, &CaseResult::has_passed));
  return count;
}

TestRun run_tests(const TestOptions& options) {
  TestRun run;
  std::vector<std::string> paths;
  for (const std::string& path : options.paths) {
    const std::size_t before = paths.size();
    if (!find_files(path, paths)) {
      run.problems += path + ": the folder cannot be read\n";
    } else if (paths.size() == before) {
      run.problems +=
          path + ": has no file whose name ends in " + std::string(test_file_ending) + "\n";
    }
  }
  if (!run.problems.empty()) {
    run.outcome = TestRun::Outcome::nothing;
    return run;
  }
  std::vector<TestFile> files;
  for (const std::string& path : paths) {
    std::string problems;
    if (auto file = load_test_file(path, problems)) files.push_back(std::move(*file));
    run.problems += problems;
  }
  if (files.size() < paths.size()) {
    run.outcome = TestRun::Outcome::bad;
    return run;
  }
  for (const TestFile& file : files) {
    FileResult result{file.path, {}};
    for (const TestCase& test : file.cases) {
      if (test.name.find(options.filter) != std::string::npos)
        result.cases.push_back(run_case(file, test));
    }
    if (!result.cases.empty()) run.files.push_back(std::move(result));
  }
  if (run.files.empty()) {
    run.problems += "no case has '" + options.filter + "' in its name\n";
    run.outcome = TestRun::Outcome::nothing;
  } else {
    run.outcome = run.failed() == 0 ? TestRun::Outcome::passed : TestRun::Outcome::failed;
  }
  return run;
}

}  // namespace sluice
