// sluice_conformance --data DIR [--part handed-out] [SUITE...]
//
// Runs suites that others wrote on the data in DIR, and prints for each: "SUITE: N passed, N
// failed, N not supported". Exit 1 when a case fails, a suite is missing, or nothing passed.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>

#include "config/document.h"
#include "config/table_reader.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {

static void describe(Fields<Rule>& fields) {
  fields.required("name", &Rule::name, "What the rule is called in the count.")
      .required("field", &Rule::field, "Dotted path into the row.")
      .optional("values", &Rule::values, "What the field holds; without it, that it is there.")
      .required("reason", &Rule::reason, "Why.");
}

namespace {

const std::map<std::string, SuiteFunction> suites = {
    {"arroyo-golden", run_arroyo_golden},
    {"cel-spec", run_cel_spec},
    {"iot-air-quality", run_iot_air_quality},
    {"iot-household-power", run_iot_household_power},
    {"iot-nab", run_iot_nab},
    {"json-testsuite", run_json_testsuite},
    {"mqtt-packets", run_mqtt_packets},
    {"senml", run_senml},
    {"window-semantics", run_window_semantics},
};

// declared.toml: an array of rules per suite.
std::map<std::string, std::vector<Rule>> read_rules(const std::string& file) {
  std::map<std::string, std::vector<Rule>> rules;
  auto document = Document::load(file);
  if (!document) throw CLI::ValidationError("--declared", document.error().message);
  for (const auto& suite : document->root().node().children) {
    for (const auto& table : suite->children) {
      Rule rule;
      read_table(RawTable(*table), rule, document->diagnostics());
      rules[suite->name].push_back(rule);
    }
  }
  if (document->diagnostics().has_errors()) {
    throw CLI::ValidationError("--declared", document->diagnostics().all_lines());
  }
  return rules;
}

bool run(const std::string& name, const std::filesystem::path& data, const std::string& part,
         const std::map<std::string, std::vector<Rule>>& rules, std::size_t max_failures) {
  const auto known = suites.find(name);
  if (known == suites.end()) {
    std::printf("%s: there is no such suite\n", name.c_str());
    return false;
  }
  Suite suite{data / name, part, {}};
  if (!std::filesystem::is_directory(suite.part_folder())) {
    std::printf("%s: missing: %s\n", name.c_str(), suite.part_folder().c_str());
    return false;
  }
  if (const auto own = rules.find(name); own != rules.end()) suite.rules = own->second;
  Report report(max_failures);
  known->second(suite, report);
  std::size_t not_supported = 0;
  for (const auto& [rule, count] : report.by_rule()) {
    std::printf("  not supported: %zu by rule '%s'\n", count, rule.c_str());
    not_supported += count;
  }
  std::printf("%s: %zu passed, %zu failed, %zu not supported\n", name.c_str(), report.passed(),
              report.failed(), not_supported);
  return report.failed() == 0 && report.passed() > 0;
}

}  // namespace

int main_program(int argc, char** argv) {
  CLI::App app("Runs conformance suites that others wrote on the code that production runs.",
               "sluice_conformance");
  std::string data, part = "handed-out", declared = SLUICE_DECLARED;
  std::vector<std::string> names;
  std::size_t max_failures = 20;
  app.add_option("--data", data, "Folder with a folder for each suite")->required();
  app.add_option("--part", part, "Name of the folder with the cases in each suite's folder")
      ->capture_default_str();
  app.add_option("--declared", declared, "Rules for what is not supported")->capture_default_str();
  app.add_option("--max-failures", max_failures, "Failures to print for each suite")
      ->capture_default_str();
  app.add_option("suites", names, "Suites; without any, all");
  bool is_good = true;
  try {
    app.parse(argc, argv);
    const auto rules = read_rules(declared);
    if (names.empty()) {
      for (const auto& [name, function] : suites) names.push_back(name);
    }
    for (const std::string& name : names) is_good &= run(name, data, part, rules, max_failures);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return is_good ? 0 : 1;
}

}  // namespace sluice::conformance

int main(int argc, char** argv) { return sluice::conformance::main_program(argc, argv); }
