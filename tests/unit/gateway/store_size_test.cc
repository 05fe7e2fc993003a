// A store is mapped as a whole: a 32-bit system has no addresses for a large one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/configuration.h"

namespace sluice {
namespace {

std::string errors_of_store(const std::string& max_size) {
  std::string errors;
  read_configuration_text(
      "[storage]\nmax_size = \"" + max_size +
          "\"\n"
          "[sources.floor]\ntype = \"mqtt\"\nlisten = [\"mqtt://127.0.0.1:0\"]\n"
          "[sinks.cloud]\ntype = \"file\"\npath = \"/tmp/events.ndjson\"\n"
          "[pipelines.all]\nfrom = [\"floor\"]\nto = [\"cloud\"]\n",
      "t.toml", errors, false);
  return errors;
}

TEST(StoreSize, Is_bounded_by_the_addresses_of_the_processor) {
  EXPECT_EQ(errors_of_store("1GiB"), "");
  const std::string errors = errors_of_store("5GiB");
  if (sizeof(void*) > 4) {
    EXPECT_EQ(errors, "");
  } else {
    EXPECT_THAT(errors, ::testing::HasSubstr("a 32-bit system cannot have a store of more"));
    EXPECT_THAT(errors, ::testing::StartsWith("t.toml:2:12: storage.max_size: "));
  }
}

}  // namespace
}  // namespace sluice
