#include "config/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "tests/unit/config/fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Common {
  TypedTable decode;
};
void describe(Fields<Common>& fields) {
  fields.required("decode", &Common::decode, "How payloads are read.");
}
struct Mqtt {
  std::string url;
};
void describe(Fields<Mqtt>& fields) {
  fields.required("url", &Mqtt::url, "Broker.").optional("x", &Mqtt::url, "Other.");
}
struct Root {
  std::map<std::string, RawTable> sources;
  std::vector<RawTable> steps;
};
void describe(Fields<Root>& fields) {
  fields.optional("sources", &Root::sources, "Sources.").optional("steps", &Root::steps, "Steps.");
}

constexpr std::array<std::string_view, 2> source_types{"coap", "mqtt"};
constexpr std::array<std::string_view, 3> step_kinds{"filter", "map", "window"};

TEST(TableReader, Two_structs_share_one_table) {
  Reading<Root> file("[sources.floor]\ntype = \"mqtt\"\ndecode = \"json\"\nurl = \"mqtt://a\"\n");
  Diagnostics& diagnostics = file.document.diagnostics();
  const RawTable table = file.value.sources.at("floor");
  EXPECT_EQ(table.name(), "floor");
  EXPECT_EQ(choose_type(table, source_types, diagnostics), 1u);
  Common common;
  Mqtt mqtt;
  TableReader reader(table, diagnostics);
  reader.accept("type");
  EXPECT_TRUE(reader.read(common));
  EXPECT_TRUE(reader.read(mqtt));
  EXPECT_TRUE(reader.finish());
  EXPECT_EQ(common.decode.type, "json");
  EXPECT_EQ(mqtt.url, "mqtt://a");
  EXPECT_THAT(file.lines(), IsEmpty());
}

TEST(TableReader, A_key_that_neither_struct_knows_is_an_error) {
  Reading<Root> file("[sources.floor]\ntype = \"mqtt\"\ndecod = \"json\"\nurl = \"mqtt://a\"\n");
  Common common;
  Mqtt mqtt;
  TableReader reader(file.value.sources.at("floor"), file.document.diagnostics());
  reader.accept("type");
  EXPECT_FALSE(reader.read(common));
  EXPECT_TRUE(reader.read(mqtt));
  EXPECT_FALSE(reader.finish());
  EXPECT_THAT(file.lines(),
              ElementsAre("1:1: sources.floor: 'decode' is missing: How payloads are read.",
                          "3:1: sources.floor: unknown key 'decod'; did you mean 'decode'?"));
}

TEST(TableReader, An_unknown_key_alone_makes_a_table_bad) {
  Reading<Mqtt> file("url = \"mqtt://a\"\nport = 1\n");
  EXPECT_FALSE(file.is_good);
  EXPECT_EQ(file.value.url, "mqtt://a");
  EXPECT_THAT(file.lines(), ElementsAre("2:1: unknown key 'port'; known are url, x"));
}

TEST(TableReader, No_table_leaves_the_defaults) {
  Document document = Document::parse("", "t");
  Mqtt mqtt{.url = "kept"};
  EXPECT_TRUE(read_table(RawTable(), mqtt, document.diagnostics()));
  EXPECT_EQ(mqtt.url, "kept");
}

TEST(ChooseType, An_unknown_or_missing_type_is_an_error_with_the_nearest) {
  Reading<Root> file("[sources.a]\ntype = \"mqqt\"\n[sources.b]\n[sources.c]\ntype = 5\n");
  Diagnostics& diagnostics = file.document.diagnostics();
  for (const auto& [name, table] : file.value.sources) {
    EXPECT_EQ(choose_type(table, source_types, diagnostics), std::nullopt) << name;
  }
  EXPECT_THAT(
      file.lines(),
      ElementsAre("2:8: sources.a.type: 'mqqt' is not known; did you mean 'mqtt'?",
                  "3:1: sources.b: 'type' is missing; must be one of \"coap\", \"mqtt\"",
                  "5:8: sources.c.type: must be one of \"coap\", \"mqtt\", not the integer 5"));
}

TEST(ChooseType, A_typed_table_is_chosen_in_both_forms_and_as_a_default) {
  Reading<Common> brief("decode = \"mqtt\"");
  Reading<Common> full("decode = { type = \"coap\" }");
  Reading<Common> wrong("decode = \"cap\"");
  EXPECT_EQ(choose_type(brief.value.decode, source_types, brief.document.diagnostics()), 1u);
  EXPECT_EQ(choose_type(full.value.decode, source_types, full.document.diagnostics()), 0u);
  EXPECT_EQ(choose_type(wrong.value.decode, source_types, wrong.document.diagnostics()),
            std::nullopt);
  EXPECT_THAT(wrong.lines(), ElementsAre("1:10: decode: 'cap' is not known; did you mean 'coap'?"));
  EXPECT_EQ(choose_type(TypedTable{"coap", {}}, source_types, brief.document.diagnostics()), 0u);
}

TEST(ChooseByKey, The_one_known_key_says_what_the_table_is) {
  Reading<Root> file(
      "[[steps]]\non_error = \"drop\"\nmap = {}\n[[steps]]\nfilter = \"a\"\nmap = {}\n"
      "[[steps]]\nfliter = \"a\"\n[[steps]]\nname = \"x\"\n");
  std::vector<std::optional<std::size_t>> chosen;
  for (const RawTable& step : file.value.steps) {
    chosen.push_back(choose_by_key(step, step_kinds, "step", file.document.diagnostics()));
  }
  EXPECT_THAT(chosen, ElementsAre(1u, std::nullopt, std::nullopt, std::nullopt));
  EXPECT_THAT(
      file.lines(),
      ElementsAre("6:1: steps[1]: a step is one thing: this table has 'filter' and 'map'",
                  "8:1: steps[2]: unknown key 'fliter'; did you mean 'filter'?",
                  "9:1: steps[3]: must have a key that says what the step does; known are filter, "
                  "map, window"));
}

}  // namespace
}  // namespace sluice
