#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "config/table_reader.h"
#include "gateway/assembly.h"
#include "gateway/testing/read_expectations.h"
#include "gateway/testing/read_steps.h"
#include "gateway/testing/test_file.h"
#include "gateway/testing/test_options.h"

namespace sluice {
namespace {

// So many lines and columns of white space that what follows them keeps its place: an error in a
// configuration that is written inside a test file is reported where a person finds it.
std::string padding_to(Position position) {
  return std::string(position.line - 1, '\n') + std::string(position.column - 1, ' ');
}

// Nothing that a case says is a secret: error messages may show it.
void show_all(const Node& node, Diagnostics& diagnostics) {
  diagnostics.show(node.value);
  for (const auto& child : node.children) show_all(*child, diagnostics);
}

// Reads the options of a table. False when one of them is wrong; a key that is unknown is reported,
// and the rest of the table is looked at all the same.
template <typename Section>
bool read_options(const RawTable& table, Section& section, Diagnostics& diagnostics) {
  TableReader reader(table, diagnostics);
  const bool is_good = reader.read(section);
  reader.finish();
  return is_good;
}

class TestFileReader {
 public:
  explicit TestFileReader(Document& document)
      : document_(document), diagnostics_(document.diagnostics()) {
    file_.path = document.file_name();
  }

  std::optional<TestFile> read(std::string& problems) {
    TestFileSection section;
    if (!diagnostics_.has_errors() && read_options(document_.root(), section, diagnostics_)) {
      const auto configuration = read_tested(section);
      if (configuration) known_ = list_outputs(*configuration);
      read_cases(section, configuration ? &*configuration : nullptr);
      if (configuration && !diagnostics_.has_errors()) check_assembly(section);
    }
    problems = diagnostics_.all_with_source() + configuration_problems_;
    if (diagnostics_.has_errors() || !configuration_problems_.empty()) return std::nullopt;
    return std::move(file_);
  }

 private:
  std::filesystem::path folder() const { return std::filesystem::path(file_.path).parent_path(); }

  // The configuration under test, or nothing when it is bad.
  std::optional<Configuration> read_tested(const TestFileSection& section) {
    if (section.configuration_text) {
      file_.configuration_name = file_.path;
      file_.configuration_text = padding_to(section.configuration_text->position_of(0)) +
                                 section.configuration_text->text();
    } else {
      const LocatedText& name = *section.configuration;
      file_.configuration_name = (folder() / name.text()).lexically_normal().string();
      const auto document = Document::load(file_.configuration_name);
      if (!document) {
        diagnostics_.error(name.position(), name.path(), document.error().message);
        return std::nullopt;
      }
      file_.configuration_text = document->text();
    }
    auto configuration = read_configuration_text(file_.configuration_text, file_.configuration_name,
                                                 configuration_problems_, /*with_source=*/true);
    if (configuration) {
      configuration_problems_.clear();  // warnings do not stop a test
      file_.configuration_files = configuration->files;
    }
    return configuration;
  }

  void read_cases(const TestFileSection& section, const Configuration* configuration) {
    const StepSurroundings surroundings{diagnostics_, folder(), configuration};
    std::set<std::string> names;
    for (const RawTable& table : section.cases) {
      show_all(table.node(), diagnostics_);
      CaseSection read;
      if (!read_options(table, read, diagnostics_)) continue;
      if (!names.insert(read.name.text()).second) {
        diagnostics_.error(read.name.position(), read.name.path(),
                           "another case of this file has the same name");
      }
      TestCase test;
      test.name = read.name.text();
      test.position = table.position();
      test.start = read.start.time;
      test.order = read.order;
      test.steps = StepReader(surroundings, test.start).read(read.steps);
      test.outputs =
          read_expectations(*read.expect.node, read.match, {diagnostics_, file_.arena, known_});
      note_taps(test);
      file_.cases.push_back(std::move(test));
    }
  }

  void note_taps(const TestCase& test) {
    for (const ExpectedOutput& output : test.outputs) {
      const auto known = std::ranges::find(known_, output.name, &KnownOutput::name);
      if (known == known_.end() || !known->is_tapped) continue;
      const auto place = std::ranges::lower_bound(file_.taps, output.name);
      if (place == file_.taps.end() || *place != output.name) file_.taps.insert(place, output.name);
    }
  }

  // Whether the pipelines can be joined shows only when they are.
  void check_assembly(const TestFileSection& section) {
    Configuration configuration = configuration_under_test(file_);
    const auto assembly = assemble(configuration, "", nullptr);
    if (assembly) return;
    const LocatedText& where =
        section.configuration ? *section.configuration : *section.configuration_text;
    diagnostics_.error(where.position(), where.path(), assembly.error().message);
  }

  Document& document_;
  Diagnostics& diagnostics_;
  TestFile file_;
  std::vector<KnownOutput> known_;
  std::string configuration_problems_;
};

}  // namespace

std::optional<TestFile> load_test_file(const std::string& path, std::string& problems) {
  auto document = Document::load(path);
  if (!document) {
    problems = path + ": cannot be read\n";
    return std::nullopt;
  }
  return TestFileReader(*document).read(problems);
}

Configuration configuration_under_test(const TestFile& file) {
  std::string problems;
  auto configuration = read_configuration_text(file.configuration_text, file.configuration_name,
                                               NamedFiles::stored(file.configuration_files),
                                               problems, /*with_source=*/false);
  CHECK(configuration.has_value());  // load_test_file() has read it
  for (const std::string& name : file.taps) {
    PipelineSetup tap;
    tap.name = "test:" + name;
    tap.from = {name};
    tap.to = {name};
    configuration->pipelines.push_back(std::move(tap));
  }
  return std::move(*configuration);
}

}  // namespace sluice
