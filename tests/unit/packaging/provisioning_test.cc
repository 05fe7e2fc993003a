#include "packaging/provisioning/provisioning.h"

#include <gmock/gmock.h>

#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view whole = R"([device]
id = "hall-3"
hostname = "gw-hall-3"

[network]
interface = "wlan0"
address = "192.168.7.20/24"
gateway = "192.168.7.1"
dns = ["192.168.7.1", "fe80::1"]

[network.wifi]
ssid = "Plant 2"
psk = "correct horse"
country = "DE"

[secrets]
"broker" = "s3cret \"quoted\""
)";

class ProvisioningFiles : public FolderTest {
 protected:
  // The first error, as it is printed.
  static std::string refusal(std::string_view text) {
    Document document = Document::parse(text, "provisioning.toml");
    EXPECT_FALSE(read_provisioning(document)) << text;
    return document.diagnostics().all_with_source();
  }
};

TEST_F(ProvisioningFiles, What_is_rendered_is_what_was_read) {
  Document document = Document::parse(whole, "t");
  const auto provisioning = read_provisioning(document);
  ASSERT_TRUE(provisioning) << document.diagnostics().all_lines();
  EXPECT_EQ(provisioning->device.hostname, "gw-hall-3");
  EXPECT_THAT(provisioning->network.dns, ElementsAre("192.168.7.1", "fe80::1"));
  EXPECT_EQ(provisioning->network.wifi->ssid, "Plant 2");
  const auto text = render_provisioning(*provisioning);
  ASSERT_TRUE(text) << error_of(text);
  EXPECT_EQ(*text, whole);
}

TEST_F(ProvisioningFiles, Every_part_may_be_missing) {
  Document document = Document::parse("", "t");
  const auto provisioning = read_provisioning(document);
  ASSERT_TRUE(provisioning);
  EXPECT_FALSE(provisioning->network.wifi);
}

TEST_F(ProvisioningFiles, Secrets_from_files_are_written_out) {
  put("pw", "hunter22\n");
  Document document =
      Document::parse("network.wifi = { ssid = \"x\", psk = { file = '" + path("pw") +
                          "' } }\n[secrets]\nb = { file = '" + path("pw") + "' }\n",
                      "t");
  const auto provisioning = read_provisioning(document);
  ASSERT_TRUE(provisioning) << document.diagnostics().all_lines();
  const auto text = render_provisioning(*provisioning);
  ASSERT_TRUE(text) << error_of(text);
  EXPECT_THAT(*text, HasSubstr("psk = \"hunter22\"\n"));
  EXPECT_THAT(*text, HasSubstr("\"b\" = \"hunter22\"\n"));
}

TEST_F(ProvisioningFiles, Errors_name_the_line_and_what_would_be_right) {
  EXPECT_THAT(refusal("[device]\nid = \"hall 3\"\n"),
              HasSubstr("provisioning.toml:2:6: device.id: must be 1 to 64 letters"));
  EXPECT_THAT(refusal("[device]\nhostname = \"-x\"\n"), HasSubstr("2:12"));
  EXPECT_THAT(refusal("[device]\nhostnam = \"x\"\n"), HasSubstr("hostname"));
  EXPECT_THAT(refusal("[network]\naddress = \"192.168.7.20\"\n"), HasSubstr("\"192.168.7.20/24\""));
  EXPECT_THAT(refusal("[network]\naddress = \"192.168.7.20/33\"\n"), HasSubstr("2:11"));
  EXPECT_THAT(refusal("[network]\ngateway = \"192.168.7.1\"\n"), HasSubstr("needs address"));
  EXPECT_THAT(refusal("[network]\ndns = [\"one\"]\n"), HasSubstr("2:8"));
  EXPECT_THAT(refusal("[network]\ninterface = \"a b\"\n"), HasSubstr("2:13"));
  EXPECT_THAT(refusal("[network.wifi]\ncountry = \"de\"\nssid = \"x\"\n"), HasSubstr("capital"));
  EXPECT_THAT(refusal("[network.wifi]\npsk = \"correct horse\"\n"), HasSubstr("'ssid' is missing"));
  EXPECT_THAT(refusal("[secrets]\n\"../x\" = \"y\"\n"), HasSubstr("2:1: secrets"));
}

TEST_F(ProvisioningFiles, A_passphrase_that_is_too_short_is_refused_and_not_shown) {
  const std::string text = refusal("[network.wifi]\nssid = \"x\"\npsk = \"short77\"\n");
  EXPECT_THAT(text, HasSubstr("3:7: network.wifi.psk: must be 8 to 63"));
  EXPECT_THAT(text, testing::Not(HasSubstr("short77")));
}

}  // namespace
}  // namespace sluice
