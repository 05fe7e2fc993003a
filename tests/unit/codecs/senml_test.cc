#include "drivers/codecs/senml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using testing::HasSubstr;

class DecodeSenml : public testing::Test {
 protected:
  // The data of all events, as JSON.
  std::string resolved(std::string_view pack) {
    const auto decoded = decode(pack);
    EXPECT_TRUE(decoded) << decoded.error().message;
    std::string out;
    for (const Event& event : events_) {
      if (!out.empty()) out += ' ';
      out += to_json(event.data);
    }
    return out;
  }
  std::string refusal(std::string_view pack) {
    const auto decoded = decode(pack);
    EXPECT_FALSE(decoded) << pack;
    EXPECT_TRUE(events_.empty());
    return decoded ? std::string() : decoded.error().message;
  }
  Result<void> decode(std::string_view pack) {
    Message message;
    message.payload = pack;
    message.content_type = content_type_;
    message.received = received_;
    events_.clear();
    return SenmlDecoder(options_).decode(message, false, arena_, events_);
  }

  const Timestamp received_{std::chrono::seconds(1700000000)};
  SenmlOptions options_;
  std::string content_type_ = "application/senml+json";
  Arena arena_;
  std::vector<Event> events_;
};

TEST_F(DecodeSenml, Base_fields_hold_until_they_are_set_again) {
  EXPECT_EQ(resolved(R"([{"bn":"dev/","bt":1500000000,"bu":"Cel","n":"a","v":1},
                         {"n":"b","t":5,"u":"V","v":2},
                         {"bn":"x:","bu":"W","n":"c","v":3}])"),
            R"({"n":"dev/a","u":"Cel","v":1,"t":1500000000} )"
            R"({"n":"dev/b","u":"V","v":2,"t":1500000005} )"
            R"({"n":"x:c","u":"W","v":3,"t":1500000000})");
}

TEST_F(DecodeSenml, Each_record_is_an_event_with_its_name_and_time) {
  ASSERT_TRUE(decode(R"([{"bn":"dev/","bt":1500000000.25,"n":"a","v":1},{"n":"b","t":-1,"v":2}])"));
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].subject, "dev/a");
  EXPECT_EQ(format_timestamp(events_[0].time), "2017-07-14T02:40:00.25Z");
  EXPECT_EQ(events_[1].subject, "dev/b");
  EXPECT_EQ(format_timestamp(events_[1].time), "2017-07-14T02:39:59.25Z");
  EXPECT_FALSE(events_[0].has_payload);
  EXPECT_EQ(events_[0].datacontenttype, "application/json");
}

TEST_F(DecodeSenml, A_pack_can_be_one_event_of_the_common_base_name_and_the_latest_time) {
  options_.events = SenmlEvents::per_pack;
  ASSERT_TRUE(
      decode(R"([{"bn":"dev/","n":"a","v":1,"t":-1},{"n":"b","v":2},{"n":"c","v":3,"t":-5}])"));
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].subject, "dev/");
  EXPECT_EQ(events_[0].time, received_);
  EXPECT_EQ(events_[0].data.as_list().size(), 3U);
  EXPECT_EQ(events_[0].data.as_list()[2].find("n")->as_text(), "dev/c");
  EXPECT_EQ(events_[0].datacontenttype, "application/senml+json");
  ASSERT_TRUE(decode(R"([{"bn":"dev/","n":"a","v":1},{"bn":"other/","n":"b","v":2}])"));
  EXPECT_EQ(events_[0].subject, "");
}

TEST_F(DecodeSenml, A_small_time_is_relative_to_the_moment_of_receipt) {
  EXPECT_EQ(resolved(R"([{"n":"a","v":1}])"), R"({"n":"a","v":1,"t":1700000000})");
  EXPECT_EQ(resolved(R"([{"n":"a","t":-2.5,"v":1}])"), R"({"n":"a","v":1,"t":1699999997.5})");
  EXPECT_EQ(resolved(R"([{"n":"a","t":268435455,"v":1}])"), R"({"n":"a","v":1,"t":1968435455})");
  EXPECT_EQ(resolved(R"([{"n":"a","t":268435456,"v":1}])"), R"({"n":"a","v":1,"t":268435456})");
}

TEST_F(DecodeSenml, Times_add_up_as_the_decimals_they_were_written_as) {
  ASSERT_TRUE(decode(R"([{"bt":1276020076.001,"n":"a","t":-5,"v":1},{"n":"a","t":0.1,"v":1}])"));
  EXPECT_EQ(format_timestamp(events_[0].time), "2010-06-08T18:01:11.001Z");
  EXPECT_EQ(format_timestamp(events_[1].time), "2010-06-08T18:01:16.101Z");
  EXPECT_EQ(events_[0].data.find("t")->as_double(), 1276020071.001);
}

TEST_F(DecodeSenml, Base_value_and_base_sum_are_added) {
  EXPECT_EQ(resolved(R"([{"n":"a","bv":20,"v":2},{"n":"b","v":0.5},{"n":"c","vs":"x"},{"n":"d"}])"),
            R"({"n":"a","v":22,"t":1700000000} {"n":"b","v":20.5,"t":1700000000} )"
            R"({"n":"c","vs":"x","t":1700000000} {"n":"d","v":20,"t":1700000000})");
  EXPECT_EQ(resolved(R"([{"n":"a","bs":1},{"n":"b","s":10,"v":1},{"n":"c","v":5}])"),
            R"({"n":"a","s":1,"t":1700000000} {"n":"b","v":1,"s":11,"t":1700000000} )"
            R"({"n":"c","v":5,"t":1700000000})");
}

TEST_F(DecodeSenml, A_record_of_base_fields_only_resolves_to_nothing) {
  EXPECT_EQ(resolved(R"([{"bn":"dev/"},{"n":"a","v":1}])"),
            R"({"n":"dev/a","v":1,"t":1700000000})");
  EXPECT_EQ(resolved(R"([{"bn":"dev/"}])"), "");
}

TEST_F(DecodeSenml, A_pack_without_records_gives_no_event) {
  EXPECT_EQ(resolved("[]"), "");
  options_.events = SenmlEvents::per_pack;
  EXPECT_EQ(resolved("[]"), "");
}

TEST_F(DecodeSenml, Every_kind_of_value_is_taken_but_only_one) {
  EXPECT_EQ(
      resolved(R"([{"n":"a","vb":true},{"n":"b","vd":"aGkgCg=="},{"n":"c","vs":"","ut":10}])"),
      R"({"n":"a","vb":true,"t":1700000000} {"n":"b","vd":"aGkgCg","t":1700000000} )"
      R"({"n":"c","vs":"","t":1700000000,"ut":10})");
  EXPECT_THAT(refusal(R"([{"n":"a","v":1,"vs":"x"}])"), HasSubstr("record 0 has more than one"));
  EXPECT_THAT(refusal(R"([{"n":"a","v":1},{"n":"b"}])"), HasSubstr("record 1 has no value"));
  EXPECT_THAT(refusal(R"([{"n":"a","vd":"a b"}])"), HasSubstr("base64url"));
  EXPECT_THAT(refusal(R"([{"n":"a","vd":"abcde"}])"), HasSubstr("base64url"));
}

TEST_F(DecodeSenml, The_joined_name_must_be_valid) {
  EXPECT_THAT(refusal(R"([{"v":1}])"), HasSubstr("invalid name"));
  EXPECT_THAT(refusal(R"([{"n":"-a","v":1}])"), HasSubstr("\"-a\""));
  EXPECT_THAT(refusal(R"([{"n":"a b","v":1}])"), HasSubstr("\"a b\""));
  EXPECT_EQ(resolved(R"([{"bn":"a","n":"-:./_9","v":1}])"),
            R"({"n":"a-:./_9","v":1,"t":1700000000})");
  refusal(R"([{"n":"/3303/0","v":1}])");
  options_.names = SenmlNames::lwm2m;
  EXPECT_EQ(resolved(R"([{"n":"/3303/0","v":1}])"), R"({"n":"/3303/0","v":1,"t":1700000000})");
}

TEST_F(DecodeSenml, One_version_up_to_ten_holds_for_the_whole_pack) {
  EXPECT_TRUE(decode(R"([{"bver":5,"n":"a","v":1},{"bver":5,"n":"a","v":1}])"));
  EXPECT_TRUE(decode(R"([{"n":"a","v":1},{"bver":10,"n":"a","v":1}])"));
  EXPECT_THAT(refusal(R"([{"bver":11,"n":"a","v":1}])"), HasSubstr("version 11"));
  EXPECT_THAT(refusal(R"([{"bver":0,"n":"a","v":1}])"), HasSubstr("version 0"));
  EXPECT_THAT(refusal(R"([{"bver":5,"n":"a","v":1},{"bver":6,"n":"a","v":1}])"),
              HasSubstr("record 1 changes the version"));
  EXPECT_THAT(refusal(R"([{"n":"a","v":1},{"bver":5,"n":"a","v":1}])"),
              HasSubstr("record 1 changes"));
}

TEST_F(DecodeSenml, An_unknown_field_is_skipped_unless_it_must_be_understood) {
  EXPECT_EQ(resolved(R"([{"n":"a","v":1,"colour":"red"}])"), R"({"n":"a","v":1,"t":1700000000})");
  EXPECT_THAT(refusal(R"([{"n":"a","v":1,"colour_":"red"}])"), HasSubstr("\"colour_\""));
}

TEST_F(DecodeSenml, Fields_of_another_type_and_times_out_of_range_are_refused) {
  EXPECT_THAT(refusal(R"([{"n":"a","v":"1"}])"), HasSubstr("has a string as \"v\""));
  EXPECT_THAT(refusal(R"([{"n":1,"v":1}])"), HasSubstr("has a int as \"n\""));
  EXPECT_THAT(refusal(R"([{"bver":1.5,"n":"a","v":1}])"), HasSubstr("\"bver\""));
  EXPECT_THAT(refusal(R"([{"n":"a","v":1,"t":1e300}])"), HasSubstr("out of range"));
  EXPECT_THAT(refusal(R"([{"bt":9e9,"n":"a","v":1,"t":9e9}])"), HasSubstr("out of range"));
}

TEST_F(DecodeSenml, What_is_not_a_list_of_maps_is_refused) {
  for (const auto* pack : {"", "{", R"({"n":"a","v":1})", "[1]", "[[]]", "[{}]", "null"}) {
    EXPECT_THAT(refusal(pack), HasSubstr("not ")) << pack;
  }
}

TEST_F(DecodeSenml, Cbor_labels_mean_the_same) {
  using namespace std::string_literals;
  content_type_ = "application/senml+cbor";
  // [{-2: "dev/", 0: "a", 2: 1, 6: -1}, {0: "b", 8: h'FBFF'}]
  EXPECT_EQ(resolved("\x82\xA4\x21\x64"
                     "dev/\x00\x61"
                     "a\x02\x01\x06\x20\xA2\x00\x61"
                     "b\x08\x42\xFB\xFF"s),
            R"({"n":"dev/a","v":1,"t":1699999999} {"n":"dev/b","vd":"-_8","t":1700000000})");
  // The same pack as an array of indefinite length is only for streams.
  EXPECT_THAT(refusal("\x9F\xA2\x00\x61"
                      "a\x02\x01\xFF"s),
              HasSubstr("indefinite"));
}

}  // namespace
}  // namespace sluice
