// Any text is a configuration or a list of errors: parsing, reading and rendering end, stay in
// bounds, and find each string where it is written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/fields.h"
#include "config/table_reader.h"

namespace sluice {
namespace {

struct Step {
  ExpressionText filter;
  std::map<std::string, ExpressionText> emit;
};
void describe(Fields<Step>& fields) {
  fields.optional("filter", &Step::filter, "A condition.")
      .optional("emit", &Step::emit, "Expressions.");
}

struct Source {
  std::string url;
  std::vector<std::string> topics;
  std::optional<Duration> keep_alive;
  ByteSize limit;
  Secret password;
};
void describe(Fields<Source>& fields) {
  fields.required("url", &Source::url, "An address.")
      .not_empty()
      .optional("topics", &Source::topics, "Filters.")
      .optional("keep_alive", &Source::keep_alive, "A time.")
      .optional("limit", &Source::limit, "A size.")
      .at_most(ByteSize::mib(1))
      .optional("password", &Source::password, "A secret.");
}

struct Root {
  std::map<std::string, RawTable> sources;
  std::map<std::string, std::vector<Step>> pipelines;
  TypedTable decode;
};
void describe(Fields<Root>& fields) {
  fields.optional("sources", &Root::sources, "Sources.")
      .optional("pipelines", &Root::pipelines, "Steps.")
      .optional("decode", &Root::decode, "A decoder.");
}

void require(bool holds) {
  if (!holds) std::abort();
}

// Every offset lies in the literal, and later bytes do not lie before earlier ones.
void check_positions(const ExpressionText& text) {
  Position last = text.position();
  for (std::size_t offset = 0; offset <= text.text().size() && offset < 200; ++offset) {
    const Position here = text.position_of(offset);
    require(here >= last);
    last = here;
  }
}

void read_all(Document& document) {
  Root root;
  read_table(document.root(), root, document.diagnostics());
  for (const auto& [name, table] : root.sources) {
    Source source;
    TableReader reader(table, document.diagnostics());
    reader.accept("type");
    reader.read(source);
    reader.finish();
  }
  for (const auto& [name, steps] : root.pipelines) {
    for (const Step& step : steps) {
      check_positions(step.filter);
      for (const auto& [key, expression] : step.emit) check_positions(expression);
    }
  }
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace sluice;
  Document document = Document::parse({reinterpret_cast<const char*>(bytes), size}, "fuzz.toml");
  read_all(document);
  const std::string shown = document.diagnostics().all_with_source();
  require(shown.empty() == document.diagnostics().all().empty());
  require(document.diagnostics().result().is_ok() == !document.diagnostics().has_errors());
  return 0;
}
