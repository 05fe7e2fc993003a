// Reads what happens in a test case: `do = [...]`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/table.h"
#include "gateway/configuration.h"
#include "gateway/testing/test_file.h"
#include "gateway/testing/test_options.h"

namespace sluice {

// What the steps of one file are read with.
struct StepSurroundings {
  Diagnostics& diagnostics;
  const std::filesystem::path folder;  // of the test file
  const Configuration* configuration;  // nullptr: it is bad, so no source is known
};

// Reads the steps of one case. Knows when each begins: nothing in a test is left to chance.
class StepReader {
 public:
  StepReader(const StepSurroundings& surroundings, Timestamp start)
      : surroundings_(surroundings), start_(start) {}

  // All steps; what is wrong is reported.
  std::vector<TestStep> read(const std::vector<RawTable>& tables);

 private:
  void read_step(const RawTable& table);
  void read_send(const RawTable& table, TestStep& step);
  void read_send_lines(const RawTable& table, TestStep& step);
  template <typename Section>
  bool read_sections(const RawTable& table, Section& section, TestStep& step,
                     MessageSection* message = nullptr);
  std::optional<std::size_t> find_source(const LocatedText& name);
  void check_protocol(const SendSection& section, const RawTable& table, std::size_t source);
  std::string read_payload(const SendSection& section);
  std::string read_file(const LocatedText& name);
  // Moves the clock, or reports that it cannot.
  void pass(Duration duration, const RawTable& table);

  const StepSurroundings& surroundings_;
  const Timestamp start_;
  Duration now_{0};  // since the start
  std::vector<TestStep> steps_;
};

}  // namespace sluice
