#include "config/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/config/fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

enum class WhenFull : std::uint8_t { block, drop_oldest };
std::span<const EnumName<WhenFull>> enum_names(WhenFull) {
  static constexpr std::array<EnumName<WhenFull>, 2> names{
      {{"block", WhenFull::block}, {"drop_oldest", WhenFull::drop_oldest}}};
  return names;
}

struct Batch {
  std::uint32_t max_events = 1000;
  ByteSize max_bytes = ByteSize::kib(256);
};
void describe(Fields<Batch>& fields) {
  fields.optional("max_events", &Batch::max_events, "Events.")
      .at_least(1)
      .optional("max_bytes", &Batch::max_bytes, "Bytes.")
      .between(ByteSize::kib(1), ByteSize::mib(1));
}

struct Base {
  std::int64_t offset = 0;
};
struct Everything : Base {
  bool flag = false;
  double ratio = 0.5;
  std::string name = "unnamed";
  Duration age = 5s;
  WhenFull when_full = WhenFull::block;
  std::vector<std::string> topics;
  std::optional<Duration> keep_alive;
  std::map<std::string, ExpressionText> emit;
  Batch batch{.max_events = 7};
  std::optional<Batch> limits;
  std::vector<Batch> tiers;
  TypedTable decode{"json", {}};
  std::string format = "ndjson";
};

Result<void> check_topic(const std::string& topic) {
  if (topic.find(' ') == std::string::npos) return {};
  return Error{ErrorKind::bad_config, "'" + topic + "' has a space"};
}

void describe(Fields<Everything>& fields) {
  fields.optional("offset", &Everything::offset, "Of a base.")
      .at_most(10)
      .optional("flag", &Everything::flag, "A truth.")
      .optional("ratio", &Everything::ratio, "A share.")
      .between(0.0, 1.0)
      .optional("name", &Everything::name, "A name.")
      .not_empty()
      .optional("age", &Everything::age, "A time.")
      .between(1s, 1h)
      .optional("when_full", &Everything::when_full, "A choice.")
      .optional("topics", &Everything::topics, "Filters.")
      .not_empty()
      .checked_by(check_topic)
      .optional("keep_alive", &Everything::keep_alive, "Maybe.")
      .at_least(1s)
      .optional("emit", &Everything::emit, "Expressions.")
      .optional("batch", &Everything::batch, "A table.")
      .optional("limits", &Everything::limits, "Maybe a table.")
      .optional("tiers", &Everything::tiers, "Tables.")
      .optional("decode", &Everything::decode, "A decoder.")
      .optional("format", &Everything::format, "Framing.")
      .one_of({"ndjson", "json"})
      .ensure([](const Everything& all) { return !all.flag || all.keep_alive.has_value(); },
              "'flag' needs 'keep_alive'");
}

using All = Reading<Everything>;

TEST(Fields, An_empty_table_keeps_all_defaults) {
  const All all("");
  EXPECT_TRUE(all.is_good);
  EXPECT_EQ(all.value.name, "unnamed");
  EXPECT_EQ(all.value.age, 5s);
  EXPECT_EQ(all.value.batch.max_events, 7u);
  EXPECT_FALSE(all.value.keep_alive.has_value());
  EXPECT_EQ(all.value.decode.type, "json");
}

TEST(Fields, Every_type_is_read) {
  const All all(R"toml(
offset = -3
flag = true
ratio = 1
name = "hall"
age = "1m30s"
when_full = "drop_oldest"
topics = ["a/+", "b/#"]
keep_alive = "2s"
emit = { mean = "avg(data.t)", n = "count()" }
batch = { max_bytes = "1MiB" }
decode = { type = "senml", per = "pack" }
format = "json"
[limits]
max_events = 9
[[tiers]]
max_events = 1
[[tiers]]
)toml");
  ASSERT_TRUE(all.is_good) << all.document.diagnostics().all_lines();
  EXPECT_EQ(all.value.offset, -3);
  EXPECT_TRUE(all.value.flag);
  EXPECT_EQ(all.value.ratio, 1.0);
  EXPECT_EQ(all.value.name, "hall");
  EXPECT_EQ(all.value.age, 90s);
  EXPECT_EQ(all.value.when_full, WhenFull::drop_oldest);
  EXPECT_THAT(all.value.topics, ElementsAre("a/+", "b/#"));
  EXPECT_EQ(all.value.keep_alive, 2s);
  EXPECT_EQ(all.value.emit.at("mean").text(), "avg(data.t)");
  EXPECT_EQ(all.value.emit.at("n").position_of(0), (Position{10, 37}));
  EXPECT_EQ(all.value.emit.at("n").path(), "emit.n");
  EXPECT_EQ(all.value.batch.max_bytes, ByteSize::mib(1));
  EXPECT_EQ(all.value.batch.max_events, 7u) << "a part that is left out keeps the outer default";
  EXPECT_EQ(all.value.limits->max_events, 9u);
  ASSERT_EQ(all.value.tiers.size(), 2u);
  EXPECT_EQ(all.value.tiers[0].max_events, 1u);
  EXPECT_EQ(all.value.tiers[1].max_events, 1000u);
  EXPECT_EQ(all.value.decode.type, "senml");
  EXPECT_TRUE(all.value.decode.table.has("per"));
  EXPECT_EQ(all.value.format, "json");
}

TEST(Fields, The_short_form_of_a_typed_table_has_no_keys) {
  const All all("decode = \"senml\"");
  ASSERT_TRUE(all.is_good);
  EXPECT_EQ(all.value.decode.type, "senml");
  EXPECT_THAT(all.value.decode.table.keys(), IsEmpty());
}

TEST(Fields, All_errors_are_reported_at_once_in_order) {
  const All all(R"(name = ""
age = "2h"
ratio = "much"
when_full = "drop_oldes"
topics = ["a", "b c", "d e"]
batch = { max_events = 0, max_bytez = "1KiB" }
naem = 1
)");
  EXPECT_FALSE(all.is_good);
  EXPECT_THAT(
      all.lines(),
      ElementsAre("1:8: name: must not be empty",
                  "2:7: age: \"2h\" is out of bounds; must be \"1s\" to \"1h\"",
                  "3:9: ratio: must be a finite number, not the text 'much'",
                  "4:13: when_full: 'drop_oldes' is not known; did you mean 'drop_oldest'?",
                  "5:16: topics[1]: 'b c' has a space", "5:23: topics[2]: 'd e' has a space",
                  "6:24: batch.max_events: 0 is out of bounds; must be at least 1",
                  "6:27: batch: unknown key 'max_bytez'; did you mean 'max_bytes'?",
                  "7:1: unknown key 'naem'; did you mean 'name'?"));
}

TEST(Fields, A_value_of_the_wrong_type_says_what_would_be_right) {
  EXPECT_THAT(All("age = 60").lines(),
              ElementsAre("1:7: age: must be a duration with its unit, such as \"10s\", not the "
                          "integer 60"));
  EXPECT_THAT(All("batch.max_bytes = 1024").lines(), ElementsAre(HasSubstr("such as \"256KiB\"")));
  EXPECT_THAT(All("flag = \"yes\"").lines(), ElementsAre(HasSubstr("true or false")));
  EXPECT_THAT(All("offset = 1.5").lines(),
              ElementsAre(HasSubstr("an integer, not the number 1.5")));
  EXPECT_THAT(All("ratio = nan").lines(), ElementsAre(HasSubstr("a finite number")));
  EXPECT_THAT(All("topics = \"a\"").lines(), ElementsAre(HasSubstr("a list in [ ]")));
  EXPECT_THAT(All("topics = [\"a\", 5]").lines(),
              ElementsAre(HasSubstr("1:16: topics[1]: must be")));
  EXPECT_THAT(All("batch = 5").lines(),
              ElementsAre(HasSubstr("must be a table, not the integer 5")));
  EXPECT_THAT(All("emit = { x = true }").lines(),
              ElementsAre(HasSubstr("emit.x: must be an expression")));
  EXPECT_THAT(All("name = 1979-05-27").lines(), ElementsAre(HasSubstr("date or time 1979-05-27")));
  EXPECT_THAT(All("decode = { }").lines(), ElementsAre(HasSubstr("'type' is missing")));
  EXPECT_THAT(All("format = \"xml\"").lines(), ElementsAre(HasSubstr("known are ndjson, json")));
}

TEST(Fields, A_negative_duration_is_refused) {
  EXPECT_THAT(All("age = \"-5s\"").lines(), ElementsAre("1:7: age: must not be negative"));
}

TEST(Fields, An_integer_has_the_range_of_its_member) {
  EXPECT_TRUE(All("batch.max_events = 4294967295").is_good);
  EXPECT_THAT(All("batch.max_events = 4294967296").lines(),
              ElementsAre(HasSubstr("0 to 4294967295")));
  EXPECT_THAT(All("batch.max_events = -1").lines(), ElementsAre(HasSubstr("0 to 4294967295")));
  EXPECT_TRUE(All("offset = -9223372036854775808").is_good);
}

TEST(Fields, A_bound_holds_for_an_optional_that_is_set) {
  EXPECT_THAT(All("keep_alive = \"10ms\"").lines(),
              ElementsAre("1:14: keep_alive: \"10ms\" is out of bounds; must be at least \"1s\""));
}

TEST(Fields, A_rule_over_several_options_is_tried_when_each_is_right) {
  EXPECT_THAT(All("flag = true").lines(), ElementsAre("1:1: 'flag' needs 'keep_alive'"));
  EXPECT_THAT(All("flag = true\nage = 5").lines(), ElementsAre(HasSubstr("age:")));
  EXPECT_TRUE(All("flag = true\nkeep_alive = \"1s\"").is_good);
}

struct Address {
  std::string url;
};
void describe(Fields<Address>& fields) {
  fields.required("url", &Address::url, "Broker to connect to, mqtt://host:port.");
}

TEST(Fields, A_missing_option_is_reported_at_its_table_with_its_purpose) {
  struct Reader {
    static std::vector<std::string> lines(std::string_view text) {
      Document document = Document::parse(text, "t");
      Address address;
      read_table(RawTable(*document.root().node().find("sink")), address, document.diagnostics());
      return lines_of(document);
    }
  };
  EXPECT_THAT(Reader::lines("\n[sink]\n"),
              ElementsAre("2:1: sink: 'url' is missing: Broker to connect to, mqtt://host:port."));
}

TEST(FieldsDeathTest, The_same_key_twice_is_a_broken_invariant) {
  Fields<Address> fields;
  fields.required("url", &Address::url, "One.");
  EXPECT_DEATH(fields.required("url", &Address::url, "Two."), "broken invariant");
}

}  // namespace
}  // namespace sluice
