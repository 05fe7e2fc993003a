// json-testsuite: single documents, by the prefix of the file's name. y_ must be taken and n_ must
// be refused; i_ and those of the folder transform/ may be either, as long as the decoder returns,
// gives the same answer with and without data, and what it has taken is JSON again when written.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "drivers/codecs/json.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

std::vector<std::filesystem::path> documents(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

// Empty: as it should be.
std::string judge(const std::string& name, const std::string& text) {
  Message message;
  message.payload = text;
  Arena arena;
  std::vector<Event> events;
  JsonDecoder decoder;
  const bool is_taken = decoder.decode(message, true, arena, events).is_ok();
  if (name.starts_with("y_") && !is_taken) return "must be taken";
  if (name.starts_with("n_") && is_taken) return "must be refused";

  std::vector<Event> without_data;
  if (decoder.decode(message, false, arena, without_data).is_ok() != is_taken) {
    return "the answer depends on whether data is needed";
  }
  if (!is_taken) return {};
  if (events.size() != 1 || events[0].payload != text) return "not one event with its bytes";
  return validate_json(to_json(events[0].data)) ? "" : "written again, it is not JSON";
}

}  // namespace

void run_json_testsuite(const Suite& suite, Report& report) {
  for (const auto& file : documents(suite.part_folder())) {
    const std::string why = judge(file.filename().string(), read_text(file));
    if (why.empty()) {
      report.pass();
    } else {
      report.fail(file.filename().string(), why);
    }
  }
}

}  // namespace sluice::conformance
