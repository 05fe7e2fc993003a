#include "packaging/firstboot/firstboot.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "packaging/firstboot/device_key.h"
#include "packaging/firstboot/gateway_name.h"
#include "packaging/firstboot/network_files.h"
#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(NetworkFiles, Without_an_address_DHCP_is_used) {
  EXPECT_THAT(networkd_file({}), HasSubstr("[Match]\nName=e*\n\n[Network]\nDHCP=yes\n"));
}

TEST(NetworkFiles, A_static_address_has_router_and_name_servers) {
  NetworkSection network;
  network.interface = "eth1";
  network.address = "192.168.7.20/24";
  network.gateway = "192.168.7.1";
  network.dns = {"192.168.7.1", "9.9.9.9"};
  EXPECT_THAT(networkd_file(network),
              HasSubstr("Name=eth1\n\n[Network]\nAddress=192.168.7.20/24\nGateway=192.168.7.1\n"
                        "DNS=192.168.7.1\nDNS=9.9.9.9\n"));
}

// The passphrase and key of IEEE 802.11 annex J.4.2.
TEST(NetworkFiles, A_passphrase_becomes_the_key_of_the_standard) {
  const WifiSection wifi{"IEEE", Secret(Secret::Place::literal, "password"), "DE"};
  const auto text = wpa_file(wifi);
  ASSERT_TRUE(text) << error_of(text);
  EXPECT_THAT(*text,
              HasSubstr("country=DE\nnetwork={\n  ssid=49454545\n  psk="
                        "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e\n}"));
  EXPECT_THAT(*text, Not(HasSubstr("password")));
}

TEST(NetworkFiles, An_open_network_has_no_key) {
  const auto text = wpa_file({"x", {}, ""});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("key_mgmt=NONE"));
}

TEST(GatewayName, Is_added_where_there_is_none_and_all_else_stays) {
  EXPECT_EQ(with_gateway_name("# mine\nx = 1\n", "hall-3"),
            "# mine\nx = 1\n\n[gateway]\nname = \"hall-3\"\n");
  const std::string text = with_gateway_name("[gateway] # the box\n# more\nbudget = 1\n", "hall-3");
  EXPECT_EQ(text, "[gateway] # the box\nname = \"hall-3\"\n# more\nbudget = 1\n");
  EXPECT_EQ(gateway_name(text), "hall-3");
  EXPECT_EQ(gateway_name("[gateway]\nname = \"a\"\n"), "a");
  EXPECT_EQ(gateway_name("no TOML ["), "");
}

class Firstboot : public FolderTest {
 protected:
  Firstboot() { std::filesystem::create_directories(folder_ / "boot"); }
  Result<std::string> start() { return firstboot({folder_ / "boot", folder_ / "root"}); }
  unsigned mode_of(std::string_view name) const {
    struct stat status {};
    EXPECT_EQ(stat(path(name).c_str(), &status), 0) << name;
    return status.st_mode & 07777;
  }
  bool exists(std::string_view name) const { return std::filesystem::exists(folder_ / name); }
};

TEST_F(Firstboot, A_box_without_files_makes_its_key_once) {
  const auto first = start();
  ASSERT_TRUE(first) << error_of(first);
  EXPECT_EQ(mode_of("root/etc/sluice/device.key"), 0600u);
  const std::string key = get("root/etc/sluice/device.key");
  const auto second = start();
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(get("root/etc/sluice/device.key"), key);
}

TEST_F(Firstboot, The_request_and_the_fingerprint_are_what_openssl_says) {
  NEEDS("openssl");
  put("boot/provisioning.toml", "[device]\nid = \"hall-3\"\n");
  const auto said = start();
  ASSERT_TRUE(said) << error_of(said);
  const auto subject = output_of(
      {"openssl", "req", "-in", path("boot/device.csr"), "-noout", "-verify", "-subject"});
  ASSERT_TRUE(subject) << error_of(subject);
  EXPECT_THAT(*subject, HasSubstr("CN = hall-3"));
  const auto print =
      output_of({"sh", "-c",
                 "openssl pkey -in " + path("root/etc/sluice/device.key") +
                     " -pubout -outform DER | openssl dgst -sha256 -binary | base64"});
  ASSERT_TRUE(print);
  EXPECT_THAT(*said, HasSubstr("device key SHA256:" + print->substr(0, 44)));
}

TEST_F(Firstboot, Secrets_move_off_the_FAT_partition) {
  put("boot/provisioning.toml",
      "[device]\nid = \"hall-3\"\n[network.wifi]\nssid = \"Plant\"\npsk = \"correct horse\"\n"
      "[secrets]\nbroker = \"s3cret\"\n");
  const auto said = start();
  ASSERT_TRUE(said) << error_of(said);
  EXPECT_EQ(get("root/etc/sluice/credentials/broker"), "s3cret");
  EXPECT_EQ(mode_of("root/etc/sluice/credentials/broker"), 0600u);
  EXPECT_EQ(mode_of("root/etc/sluice/credentials"), 0700u);
  EXPECT_EQ(mode_of("root/etc/wpa_supplicant/wpa_supplicant-wlan0.conf"), 0600u);
  EXPECT_EQ(get("root/etc/hostname"), "hall-3\n");
  EXPECT_FALSE(exists("boot/provisioning.toml"));
  EXPECT_THAT(get("boot/sluice-status.txt"), HasSubstr("Sluice box hall-3, host name hall-3"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "boot")) {
    const std::string text = get("boot/" + entry.path().filename().string());
    EXPECT_THAT(text, Not(HasSubstr("s3cret"))) << entry.path();
    EXPECT_THAT(text, Not(HasSubstr("correct horse"))) << entry.path();
  }
}

TEST_F(Firstboot, The_host_name_outlives_an_update_of_the_system) {
  put("boot/provisioning.toml", "[device]\nid = \"hall-3\"\n");
  ASSERT_TRUE(start());
  put("root/etc/hostname", "sluice\n");  // of the new system
  ASSERT_TRUE(start());
  EXPECT_EQ(get("root/etc/hostname"), "hall-3\n");
}

TEST_F(Firstboot, A_removed_file_was_overwritten_first) {
  put("boot/provisioning.toml", "[secrets]\nbroker = \"s3cret\"\n");
  std::filesystem::create_hard_link(folder_ / "boot/provisioning.toml", folder_ / "block");
  ASSERT_TRUE(start());
  EXPECT_EQ(get("block"), std::string(get("block").size(), ' '));
}

TEST_F(Firstboot, What_is_wrong_is_readable_on_the_FAT_partition_and_nothing_is_changed) {
  put("boot/provisioning.toml",
      "[device]\nid = \"hall-3\"\nhostnam = \"x\"\n[secrets]\nb = \"s3cret\"\n");
  EXPECT_FALSE(start());
  const std::string error = get("boot/sluice-error.txt");
  EXPECT_THAT(error, HasSubstr("provisioning.toml:3:1: device: unknown key 'hostnam'"));
  EXPECT_THAT(error, HasSubstr("Nothing was changed"));
  EXPECT_THAT(error, Not(HasSubstr("s3cret")));
  EXPECT_FALSE(exists("root/etc"));
  EXPECT_TRUE(exists("boot/provisioning.toml"));
  put("boot/provisioning.toml", "[device]\nid = \"hall-3\"\n");
  ASSERT_TRUE(start());
  EXPECT_FALSE(exists("boot/sluice-error.txt"));
}

TEST_F(Firstboot, A_secret_that_is_elsewhere_is_refused_on_the_box) {
  put("boot/provisioning.toml", "[secrets]\nbroker = { env = \"HOME\" }\n");
  EXPECT_THAT(error_of(start()), HasSubstr("secrets.broker must be the text itself"));
}

}  // namespace
}  // namespace sluice
