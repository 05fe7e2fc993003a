#include "packaging/ota/update.h"

#include <gmock/gmock.h>

#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

constexpr std::chrono::sys_seconds midnight = std::chrono::sys_days(std::chrono::days(20000));

std::string refusal(std::string_view text) {
  Document document = Document::parse(text, "request.toml");
  EXPECT_FALSE(read_request(document)) << text;
  return document.diagnostics().all_lines();
}

TEST(UpdateRequest, What_is_rendered_is_what_was_read) {
  const UpdateRequest request{"sluice-0.2.0.raucb", 25, "22:00-04:00"};
  Document document = Document::parse(render_request(request), "request.toml");
  const auto read = read_request(document);
  ASSERT_TRUE(read) << document.diagnostics().all_lines();
  EXPECT_EQ(read->bundle, request.bundle);
  EXPECT_EQ(read->share, 25u);
  EXPECT_EQ(read->window, request.window);
}

TEST(UpdateRequest, A_bundle_elsewhere_is_refused) {
  for (const char* name : {"../x.raucb", "/etc/x.raucb", "a/b.raucb", ".raucb", "-x.raucb",
                           ".x.raucb", "x.txt", "a b.raucb", "a;b.raucb"}) {
    EXPECT_THAT(refusal("bundle = \"" + std::string(name) + "\""), HasSubstr("1:10: bundle"));
  }
  EXPECT_THAT(refusal("share = 5"), HasSubstr("'bundle' is missing"));
}

TEST(UpdateRequest, Share_and_window_have_bounds) {
  const std::string bundle = "bundle = \"x.raucb\"\n";
  EXPECT_THAT(refusal(bundle + "share = 0"), HasSubstr("1 to 100"));
  EXPECT_THAT(refusal(bundle + "share = 101"), HasSubstr("1 to 100"));
  for (const char* window : {"02:00", "2:00-04:00", "24:00-04:00", "02:60-04:00", "02:00-02:00"}) {
    EXPECT_THAT(refusal(bundle + "window = \"" + window + "\""), HasSubstr("02:00-04:00"));
  }
}

TEST(UpdatePolicy, A_window_may_go_over_midnight) {
  const auto at = [](const char* window, minutes time) {
    return decide({"x.raucb", 100, window}, "box", midnight + time);
  };
  EXPECT_EQ(at("02:00-04:00", hours(2)), Verdict::install);
  EXPECT_EQ(at("02:00-04:00", hours(4)), Verdict::wait);
  EXPECT_EQ(at("02:00-04:00", hours(1)), Verdict::wait);
  EXPECT_EQ(at("22:00-04:00", hours(23)), Verdict::install);
  EXPECT_EQ(at("22:00-04:00", hours(3)), Verdict::install);
  EXPECT_EQ(at("22:00-04:00", hours(12)), Verdict::wait);
  EXPECT_EQ(at("", hours(12)), Verdict::install);
}

TEST(UpdatePolicy, A_larger_share_has_all_boxes_of_a_smaller_one) {
  int small = 0;
  int large = 0;
  for (int box = 0; box < 1000; ++box) {
    const std::string id = "box-" + std::to_string(box);
    const bool is_small = decide({"x.raucb", 10, ""}, id, midnight) == Verdict::install;
    const bool is_large = decide({"x.raucb", 50, ""}, id, midnight) == Verdict::install;
    EXPECT_TRUE(!is_small || is_large) << id;
    EXPECT_EQ(decide({"x.raucb", 100, ""}, id, midnight), Verdict::install);
    small += is_small ? 1 : 0;
    large += is_large ? 1 : 0;
  }
  EXPECT_NEAR(small, 100, 40);
  EXPECT_NEAR(large, 500, 60);
}

// With a program of the name of rauc that notes how it was called.
class Updates : public FolderTest {
 protected:
  Updates() {
    put("bin/rauc", "#!/bin/sh\necho \"$@\" >> " + path("called") + "\n[ ! -e " + path("refuses") +
                        " ] || { echo 'LastError: signature verification failed' >&2; exit 1; }\n");
    std::filesystem::permissions(folder_ / "bin/rauc", std::filesystem::perms::owner_all);
    path_before_ = std::getenv("PATH");
    setenv("PATH", (path("bin") + ":" + path_before_).c_str(), 1);
    put("id", "hall-3\n");
    put("new.raucb", "bundle");
  }
  ~Updates() override { setenv("PATH", path_before_.c_str(), 1); }

  Result<void> ask(UpdateRequest request = {}) {
    return ask_for_update(places_, path("new.raucb"), std::move(request));
  }
  bool exists(std::string_view name) const { return std::filesystem::exists(folder_ / name); }

  const UpdatePlaces places_{folder_ / "update", folder_ / "id"};

 private:
  std::string path_before_;
};

TEST_F(Updates, What_is_asked_for_is_installed_once) {
  const auto asked = ask();
  ASSERT_TRUE(asked) << error_of(asked);
  const auto done = carry_out(places_, midnight);
  ASSERT_TRUE(done) << error_of(done);
  EXPECT_EQ(*done, "installed new.raucb");
  EXPECT_EQ(get("called"), "install " + path("update/taken-new.raucb") + "\n");
  EXPECT_EQ(get("update/result.txt"), "installed new.raucb\n");
  EXPECT_FALSE(exists("update/new.raucb") || exists("update/taken-new.raucb"));
  const auto again = carry_out(places_, midnight);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, "no update is asked for");
}

TEST_F(Updates, A_refused_bundle_is_not_tried_again) {
  put("refuses", "");
  ASSERT_TRUE(ask());
  EXPECT_THAT(error_of(carry_out(places_, midnight)), HasSubstr("signature verification failed"));
  EXPECT_THAT(get("update/result.txt"), HasSubstr("refused: rauc refuses new.raucb"));
  EXPECT_FALSE(exists("update/request.toml"));
}

TEST_F(Updates, One_that_waits_for_its_window_stays) {
  ASSERT_TRUE(ask({"", 100, "02:00-04:00"}));
  const auto early = carry_out(places_, midnight);
  ASSERT_TRUE(early);
  EXPECT_EQ(*early, "waits for 02:00-04:00 UTC");
  EXPECT_FALSE(exists("called"));
  ASSERT_TRUE(carry_out(places_, midnight + hours(2)));
  EXPECT_TRUE(exists("called"));
}

TEST_F(Updates, A_new_one_takes_the_place_of_one_that_waits) {
  ASSERT_TRUE(ask({"", 100, "02:00-04:00"}));
  ASSERT_TRUE(carry_out(places_, midnight));
  put("new.raucb", "newer");
  ASSERT_TRUE(ask({"", 100, "03:00-04:00"}));
  EXPECT_EQ(*carry_out(places_, midnight + hours(2)), "waits for 03:00-04:00 UTC");
  EXPECT_EQ(get("update/taken-new.raucb"), "newer");
  EXPECT_FALSE(exists("called"));
}

TEST_F(Updates, One_without_its_bundle_does_not_get_that_of_one_that_waits) {
  ASSERT_TRUE(ask({"", 100, "02:00-04:00"}));
  ASSERT_TRUE(carry_out(places_, midnight));
  put("update/request.toml", render_request({"other.raucb", 100, ""}));
  EXPECT_THAT(error_of(carry_out(places_, midnight)), HasSubstr("other.raucb: No such file"));
  EXPECT_FALSE(exists("called") || exists("update/taken-new.raucb"));
}

TEST_F(Updates, One_that_comes_while_another_is_installed_is_the_next) {
  ASSERT_TRUE(ask());
  put("next.toml", render_request({"new.raucb", 100, ""}));
  put("bin/rauc", "#!/bin/sh\necho \"$@\" >>" + path("called") + "\ncp " + path("new.raucb") + " " +
                      path("next.toml") + " " + path("update/") + "\nmv " +
                      path("update/next.toml") + " " + path("update/request.toml") + "\n");
  ASSERT_TRUE(carry_out(places_, midnight));
  EXPECT_TRUE(exists("update/request.toml") && exists("update/new.raucb"));
  EXPECT_EQ(*carry_out(places_, midnight), "installed new.raucb");
}

TEST_F(Updates, A_link_in_the_place_of_the_bundle_is_refused) {
  ASSERT_TRUE(ask());
  std::filesystem::remove(folder_ / "update/new.raucb");
  std::filesystem::create_symlink(path("id"), path("update/new.raucb"));
  EXPECT_THAT(error_of(carry_out(places_, midnight)), HasSubstr("is no plain file"));
  EXPECT_FALSE(exists("called"));
}

TEST_F(Updates, A_link_in_the_place_of_what_is_fetched_leads_nowhere) {
  put("precious", "mine");
  std::filesystem::create_directories(folder_ / "update");
  std::filesystem::create_symlink(path("precious"), path("update/new.raucb.part"));
  ASSERT_TRUE(ask());
  EXPECT_EQ(get("precious"), "mine");
  EXPECT_EQ(get("update/new.raucb"), "bundle");
}

TEST_F(Updates, A_request_that_is_none_is_set_aside_with_the_reason) {
  put("update/request.toml", "bundle = \"../../x.raucb\"\n");
  EXPECT_FALSE(carry_out(places_, midnight));
  EXPECT_THAT(get("update/result.txt"), HasSubstr("request.toml:1:10"));
  EXPECT_FALSE(exists("update/request.toml") || exists("update/taken.toml"));
}

TEST_F(Updates, What_is_no_plain_file_is_taken_away_as_well) {
  const auto is_refused = [&] {
    EXPECT_THAT(error_of(carry_out(places_, midnight)), HasSubstr("request.toml is no plain file"));
    EXPECT_THAT(get("update/result.txt"), HasSubstr("refused: request.toml is no plain file"));
    EXPECT_FALSE(exists("update/request.toml") || exists("update/taken.toml"));
  };
  std::filesystem::create_directories(folder_ / "update/request.toml/inside");
  is_refused();
  std::filesystem::create_symlink(path("id"), path("update/request.toml"));
  is_refused();
  ASSERT_TRUE(ask({"", 100, "02:00-04:00"}));
  ASSERT_TRUE(carry_out(places_, midnight));
  std::filesystem::create_directory(folder_ / "update/request.toml");
  is_refused();
}

TEST_F(Updates, A_bundle_that_cannot_be_had_is_no_request) {
  EXPECT_FALSE(ask_for_update(places_, path("missing.raucb"), {}));
  EXPECT_FALSE(ask_for_update(places_, path("id"), {}));
  EXPECT_FALSE(exists("update/request.toml"));
}

}  // namespace
}  // namespace sluice
