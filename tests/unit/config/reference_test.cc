#include "config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "config/fields.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Batch {
  std::uint32_t max_events = 1000;
};
void describe(Fields<Batch>& fields) {
  fields.optional("max_events", &Batch::max_events, "Send at this many.").at_least(1);
}
struct Http {
  std::string url;
  Duration timeout = std::chrono::seconds(90);
  Secret token{Secret::Place::literal, "hunter2"};
  Batch batch{.max_events = 50};
  std::map<std::string, std::vector<Batch>> lanes;
  std::string path;
};
void describe(Fields<Http>& fields) {
  fields.required("url", &Http::url, "Where to | and how.")
      .not_empty()
      .optional("timeout", &Http::timeout, "Give up.")
      .between(std::chrono::seconds(1), std::chrono::hours(1))
      .optional("token", &Http::token, "Bearer.")
      .optional("batch", &Http::batch, "Bounds.")
      .optional("lanes", &Http::lanes, "Others.")
      .optional("path", &Http::path, "A folder.")
      .default_shown_as("$STATE_DIRECTORY")
      .ensure([](const Http&) { return true; }, "'url' or 'listen', not both");
}

std::string page() {
  const std::vector<ComponentDescription> components{
      describe_component<Http>("sink", "http", "Posts batches."),
      describe_component<Batch>("sink", "other", "Another."),
      describe_component<Batch>("step", "third", "A third.")};
  return render_reference(components);
}

TEST(Reference, A_row_has_type_default_bounds_and_purpose) {
  EXPECT_THAT(page(), HasSubstr("\n## Sinks\n\n### sink `http`\n\nPosts batches.\n\n| option |"));
  EXPECT_THAT(page(), HasSubstr("| `url` | text | yes |  | not empty | Where to \\| and how. |\n"));
  EXPECT_THAT(
      page(),
      HasSubstr("| `timeout` | duration | no | `\"1m30s\"` | \"1s\" to \"1h\" | Give up. |\n"));
  EXPECT_THAT(page(), HasSubstr("| `path` | text | no | `$STATE_DIRECTORY` |"));
  EXPECT_THAT(page(), HasSubstr("\nRule: 'url' or 'listen', not both.\n"));
}

TEST(Reference, Options_inside_have_the_default_of_the_table_around) {
  EXPECT_THAT(page(), HasSubstr("| `batch.max_events` | integer | no | `50` | at least 1 |"));
  EXPECT_THAT(page(), HasSubstr("| `lanes.NAME[].max_events` | integer | no | `1000` |"));
  EXPECT_THAT(page(), HasSubstr("| `lanes` | table of list of table |"));
}

TEST(Reference, A_secret_has_no_default_to_show) {
  EXPECT_THAT(page(), HasSubstr("| `token` | secret | no |  |  | Bearer. |"));
  EXPECT_THAT(page(), Not(HasSubstr("hunter2")));
}

TEST(Reference, A_kind_is_one_chapter) {
  const std::string text = page();
  EXPECT_EQ(text.find("## Sinks\n"), text.rfind("## Sinks\n"));
  EXPECT_LT(text.find("### sink `other`"), text.find("\n## Steps\n"));
}

}  // namespace
}  // namespace sluice
