#include "drivers/codecs/decoder_factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::HasSubstr;

std::size_t events_of(std::string_view type, const DecoderOptions& options,
                      std::string_view payload) {
  auto decoder = make_decoder(type, options);
  EXPECT_TRUE(decoder) << type;
  Arena arena;
  std::vector<Event> events;
  Message message;
  message.payload = payload;
  const auto decoded = (*decoder)->decode(message, true, arena, events);
  EXPECT_TRUE(decoded) << decoded.error().message;
  return events.size();
}

TEST(MakeDecoder, Gives_each_format_by_its_name) {
  EXPECT_EQ(events_of("json", {}, "{}"), 1U);
  EXPECT_EQ(events_of("text", {}, "hello"), 1U);
  EXPECT_EQ(events_of("cbor", {}, "\x01"), 1U);
  EXPECT_EQ(events_of("senml", {}, R"([{"n":"a","v":1},{"n":"b","v":2}])"), 2U);
}

TEST(MakeDecoder, Its_options_reach_the_decoder) {
  DecoderOptions options;
  options.array = "split";
  options.senml_events = "pack";
  options.senml_names = "lwm2m";
  EXPECT_EQ(events_of("json", options, "[1,2,3]"), 3U);
  EXPECT_EQ(events_of("senml", options, R"([{"n":"/3/0","v":1},{"n":"b","v":2}])"), 1U);
}

TEST(MakeDecoder, Refuses_unknown_names_and_says_the_known_ones) {
  const auto unknown = make_decoder("xml");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::bad_config);
  EXPECT_THAT(unknown.error().message, HasSubstr("json, senml, cbor, text"));
  DecoderOptions options;
  options.array = "some";
  const auto bad_option = make_decoder("json", options);
  ASSERT_FALSE(bad_option);
  EXPECT_THAT(bad_option.error().message, HasSubstr("\"some\" is neither \"whole\" nor \"split\""));
}

}  // namespace
}  // namespace sluice
