#include "pipelines/data_path.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using testing::make_event;

Value nested(Arena& arena) {
  const Event* inner = make_event(arena, {{"rpm", Value::integer(900)}, {"oil", Value::null()}});
  return make_event(arena, {{"engine", inner->data}, {"speed", Value::number(1.5)}})->data;
}

DataPath path(std::string_view text) { return DataPath::parse(text).value(); }

TEST(DataPath, Only_data_and_names_joined_by_dots_is_a_path) {
  EXPECT_EQ(path(" data.engine.rpm ").names(), (std::vector<std::string>{"engine", "rpm"}));
  EXPECT_TRUE(path("data").names().empty());
  for (const char* text : {"", "dat", "database", "data.", "data.a b", "data.1", "data[0]",
                           "data.a + 1", "subject", "data..a", ".data", "data.f()"}) {
    EXPECT_FALSE(DataPath::parse(text)) << text;
  }
}

TEST(DataPath, An_absent_field_reads_as_null_and_a_value_in_the_way_is_an_error) {
  Arena arena;
  const Value data = nested(arena);
  EXPECT_EQ(path("data.engine.rpm").read(data, arena).as_int(), 900);
  EXPECT_TRUE(path("data.engine.torque").read(data, arena).is_null());
  EXPECT_TRUE(path("data.gearbox.oil").read(data, arena).is_null());
  EXPECT_TRUE(path("data.engine.oil.level").read(data, arena).is_null());
  const Value wrong = path("data.speed.kmh").read(data, arena);
  ASSERT_TRUE(wrong.is_error());
  EXPECT_EQ(wrong.as_text(), "data.speed is of type double, so it has no fields");
}

TEST(DataPath, Writing_replaces_in_place_adds_at_the_end_and_makes_maps) {
  Arena arena;
  const Value data = nested(arena);
  EXPECT_EQ(to_json(*path("data.engine.rpm").write(data, Value::integer(1), arena)),
            R"({"engine":{"rpm":1,"oil":null},"speed":1.5})");
  EXPECT_EQ(to_json(*path("data.a.b").write(data, Value::integer(1), arena)),
            R"({"engine":{"rpm":900,"oil":null},"speed":1.5,"a":{"b":1}})");
  EXPECT_EQ(to_json(*path("data.a").write(Value::null(), Value::integer(1), arena)), R"({"a":1})");
  EXPECT_FALSE(path("data.speed.kmh").write(data, Value::integer(1), arena).is_ok());
  EXPECT_EQ(to_json(data), R"({"engine":{"rpm":900,"oil":null},"speed":1.5})");
}

TEST(DataPath, Removing_leaves_the_rest_in_order) {
  Arena arena;
  const Value data = nested(arena);
  EXPECT_EQ(to_json(path("data.engine.rpm").remove(data, arena)),
            R"({"engine":{"oil":null},"speed":1.5})");
  EXPECT_EQ(to_json(path("data.engine").remove(data, arena)), R"({"speed":1.5})");
  EXPECT_EQ(to_json(path("data.absent.too").remove(data, arena)), to_json(data));
  EXPECT_TRUE(path("data").remove(data, arena).is_null());
}

}  // namespace
}  // namespace sluice
