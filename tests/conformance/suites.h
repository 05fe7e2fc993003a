// Suites: data that others wrote, run through the code that production runs.
//
// A suite only translates: it feeds a row to the product's code and compares. No rule of the field
// is coded here. "Not supported" comes only from a rule in declared.toml, by tag, profile or field.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::conformance {

// Counts what happened to the rows of one suite, and prints the failures as they come.
class Report {
 public:
  explicit Report(std::size_t max_printed_failures) : printable_(max_printed_failures) {}

  void pass() { ++passed_; }
  void fail(std::string_view id, std::string_view why);
  // `rule` is the name of a rule in declared.toml.
  void not_supported(const std::string& rule) { ++not_supported_[rule]; }

  std::size_t passed() const { return passed_; }
  std::size_t failed() const { return failed_; }
  const std::map<std::string, std::size_t>& by_rule() const { return not_supported_; }

 private:
  std::size_t printable_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
  std::map<std::string, std::size_t> not_supported_;
};

// One rule of declared.toml: a row whose `field` (dotted path into the row) equals, contains or
// (for a list) has an element equal to one of `values` is not supported. An absent `values` means
// that the field's presence is enough.
struct Rule {
  std::string name;
  std::string field;
  std::vector<std::string> values;
  std::string reason;
};

struct Suite {
  std::filesystem::path folder;  // DIR/SUITE
  std::string part;              // "handed-out"
  std::vector<Rule> rules;       // of this suite, from declared.toml

  std::filesystem::path part_folder() const { return folder / part; }
  // The first rule that this row falls under, or nullptr.
  const Rule* declared(const nlohmann::json& row) const;
};

// Reads a file, also .gz, as text. Ends the program with a message when it cannot.
std::string read_text(const std::filesystem::path& file);
// Calls `visit` for each line of a .jsonl or .jsonl.gz file.
void each_row(const std::filesystem::path& file,
              const std::function<void(const nlohmann::json&)>& visit);

using SuiteFunction = void (*)(const Suite&, Report&);

void run_arroyo_golden(const Suite&, Report&);
void run_cel_spec(const Suite&, Report&);
void run_mqtt_packets(const Suite&, Report&);
void run_senml(const Suite&, Report&);
void run_window_semantics(const Suite&, Report&);
void run_iot_air_quality(const Suite&, Report&);
void run_iot_household_power(const Suite&, Report&);
void run_iot_nab(const Suite&, Report&);
void run_json_testsuite(const Suite&, Report&);

}  // namespace sluice::conformance
