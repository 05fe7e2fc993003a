#include "drivers/codecs/media_type.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(JsonMediaType, Is_json_or_any_type_that_ends_in_plus_json) {
  EXPECT_TRUE(is_json_media_type("application/json"));
  EXPECT_TRUE(is_json_media_type("Application/JSON; charset=utf-8"));
  EXPECT_TRUE(is_json_media_type("text/json"));
  EXPECT_TRUE(is_json_media_type("application/senml+json"));
  EXPECT_TRUE(is_json_media_type("application/x+json ;v=1"));
}

TEST(JsonMediaType, Is_nothing_that_merely_looks_alike) {
  for (const auto* other : {"", "json", "application/jsonx", "application/+json", "image/json",
                            "application/cbor", "application/json-seq"}) {
    EXPECT_FALSE(is_json_media_type(other)) << other;
  }
}

TEST(TextMediaType, Is_any_kind_of_text) {
  EXPECT_TRUE(is_text_media_type("text/plain;charset=utf-8"));
  EXPECT_TRUE(is_text_media_type("TEXT/csv"));
  EXPECT_FALSE(is_text_media_type("application/text"));
}

}  // namespace
}  // namespace sluice
