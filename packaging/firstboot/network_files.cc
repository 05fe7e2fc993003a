#include "packaging/firstboot/network_files.h"

#include <openssl/evp.h>

#include <array>
#include <string_view>

namespace sluice {
namespace {

constexpr std::size_t key_digits = 64;

std::string hex(const unsigned char* bytes, std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string derived_key(const std::string& passphrase, const std::string& ssid) {
  std::array<unsigned char, key_digits / 2> key{};
  CHECK(PKCS5_PBKDF2_HMAC(passphrase.data(), static_cast<int>(passphrase.size()),
                          reinterpret_cast<const unsigned char*>(ssid.data()),
                          static_cast<int>(ssid.size()), 4096, EVP_sha1(),
                          static_cast<int>(key.size()), key.data()) == 1);
  return hex(key.data(), key.size());
}

}  // namespace

std::string networkd_file(const NetworkSection& network) {
  const std::string otherwise = network.wifi ? "wl*" : "e*";
  std::string text = "# Made by sluice-firstboot from the provisioning file.\n[Match]\nName=" +
                     (network.interface.empty() ? otherwise : network.interface) +
                     "\n\n[Network]\n";
  text += network.address.empty() ? "DHCP=yes\n" : "Address=" + network.address + "\n";
  if (!network.gateway.empty()) text += "Gateway=" + network.gateway + "\n";
  for (const std::string& server : network.dns) text += "DNS=" + server + "\n";
  return text;
}

std::string wifi_interface(const NetworkSection& network) {
  const bool is_pattern = network.interface.find_first_of("*?") != std::string::npos;
  return network.interface.empty() || is_pattern ? "wlan0" : network.interface;
}

Result<std::string> wpa_file(const WifiSection& wifi) {
  std::string text = "# Made by sluice-firstboot from the provisioning file.\n";
  if (!wifi.country.empty()) text += "country=" + wifi.country + "\n";
  text += "network={\n  ssid=" +
          hex(reinterpret_cast<const unsigned char*>(wifi.ssid.data()), wifi.ssid.size()) + "\n";
  if (!wifi.psk.is_set()) return text + "  key_mgmt=NONE\n}\n";
  const std::string psk = TRY(reveal_psk(wifi));
  return text + "  psk=" + (psk.size() == key_digits ? psk : derived_key(psk, wifi.ssid)) + "\n}\n";
}

}  // namespace sluice
