// What a test run gave, as text and as JSON.
#include <algorithm>

#include "core/value.h"
#include "gateway/screen_text.h"
#include "gateway/testing/run_tests.h"

namespace sluice {
namespace {

constexpr std::size_t max_failures_shown = 10;  // of one case

std::string place_of(const std::string& file, Position position) {
  return file + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

// Text for a terminal, with colours where they are wanted.
class TextReport {
 public:
  explicit TextReport(bool is_colored) : is_colored_(is_colored) {}

  std::string render(const TestRun& run) {
    for (const FileResult& file : run.files) {
      text_ += file.path + "\n";
      for (const CaseResult& one : file.cases) add_case(file.path, one);
    }
    text_ += "\n" + count_of(run.passed() + run.failed(), "case") + " in " +
             count_of(run.files.size(), "file") + ": " + std::to_string(run.passed()) +
             " passed, " + std::to_string(run.failed()) + " failed\n";
    return std::move(text_);
  }

 private:
  static constexpr std::string_view red = "\x1b[31m";
  static constexpr std::string_view green = "\x1b[32m";
  static constexpr std::string_view plain = "";

  void add(std::string_view color, std::string_view text) {
    const bool is_colored = is_colored_ && !color.empty();
    if (is_colored) text_ += color;
    text_ += text;
    if (is_colored) text_ += "\x1b[0m";
  }

  void add_case(const std::string& file, const CaseResult& one) {
    text_ += "  ";
    add(one.has_passed() ? green : red, one.has_passed() ? "pass" : "FAIL");
    text_ += "  " + one.name + "\n";
    const std::size_t shown = std::min(one.failures.size(), max_failures_shown);
    for (std::size_t i = 0; i < shown; ++i) add_failure(file, one.failures[i]);
    if (shown < one.failures.size())
      text_ += "    and " + count_of(one.failures.size() - shown, "difference") + " more\n";
  }

  void add_failure(const std::string& file, const TestFailure& failure) {
    text_ += "    " + place_of(file, failure.position) + ": " + failure.message + "\n";
    for (const DiffLine& line : failure.diff) {
      text_ += "      ";
      add(line.mark == '-'   ? green
          : line.mark == '+' ? red
                             : plain,
          std::string(1, line.mark) + " " + line.text);
      text_ += '\n';
    }
  }

  const bool is_colored_;
  std::string text_;
};

void append_text_member(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

void append_place(std::string& out, Position position) {
  out += "\"line\":" + std::to_string(position.line) +
         ",\"column\":" + std::to_string(position.column);
}

// The items as `append` writes them, with commas between.
template <typename Item, typename Append>
void append_items(std::string& out, const std::vector<Item>& items, const Append& append) {
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ',';
    append(items[i]);
  }
  out += ']';
}

void append_failure(std::string& out, const TestFailure& failure) {
  out += '{';
  append_place(out, failure.position);
  out += ',';
  append_text_member(out, "message", failure.message);
  out += ",\"diff\":";
  append_items(out, failure.diff, [&](const DiffLine& line) {
    append_json_string(out, std::string(1, line.mark) + " " + line.text);
  });
  out += '}';
}

void append_case(std::string& out, const CaseResult& one) {
  out += '{';
  append_text_member(out, "name", one.name);
  out += ',';
  append_place(out, one.position);
  out += one.has_passed() ? ",\"passed\":true" : ",\"passed\":false";
  out += ",\"failures\":";
  append_items(out, one.failures,
               [&](const TestFailure& failure) { append_failure(out, failure); });
  out += '}';
}

}  // namespace

std::string render_test_run(const TestRun& run, bool is_colored) {
  return TextReport(is_colored).render(run);
}

std::string test_run_json(const TestRun& run) {
  std::string out = "{\"passed\":" + std::to_string(run.passed()) +
                    ",\"failed\":" + std::to_string(run.failed()) + ",";
  append_text_member(out, "problems", run.problems);
  out += ",\"files\":";
  append_items(out, run.files, [&](const FileResult& file) {
    out += '{';
    append_text_member(out, "file", file.path);
    out += ",\"cases\":";
    append_items(out, file.cases, [&](const CaseResult& one) { append_case(out, one); });
    out += '}';
  });
  return out + "}\n";
}

}  // namespace sluice
