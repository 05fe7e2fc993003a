// Provisioning: what makes one box out of an image that all boxes share. A small TOML file,
// provisioning.toml, on the image's FAT partition, beside sluice.toml; README.md has an example.
//
// Read by sluice-flash before it writes and by sluice-firstboot on the box, with the same rules, so
// that a fault is found before a card leaves the desk.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/document.h"
#include "config/fields.h"
#include "config/secret.h"
#include "core/result.h"

namespace sluice {

inline constexpr const char* provisioning_file_name = "provisioning.toml";
inline constexpr const char* configuration_file_name = "sluice.toml";

struct DeviceSection {
  std::string id;        // empty: the name that sluice.toml has
  std::string hostname;  // empty: the id
};

struct WifiSection {
  std::string ssid;
  Secret psk;           // not set: an open network
  std::string country;  // ISO 3166 alpha-2; empty: the world's common channels
};

struct NetworkSection {
  std::string interface;         // networkd's [Match] Name; empty: "e*", with Wi-Fi "wl*"
  std::string address;           // CIDR; empty: DHCP
  std::string gateway;           // with address only
  std::vector<std::string> dns;  // beside those of DHCP
  std::optional<WifiSection> wifi;
};

struct Provisioning {
  DeviceSection device;
  NetworkSection network;
  std::map<std::string, Secret> secrets;  // by the name of their credential
};

void describe(Fields<DeviceSection>& fields);
void describe(Fields<WifiSection>& fields);
void describe(Fields<NetworkSection>& fields);
void describe(Fields<Provisioning>& fields);

// Reads the document's root; what is wrong is in the document's diagnostics, with line and column.
//   bad_config  the first of it
Result<Provisioning> read_provisioning(Document& document);

// The same as a file whose secrets are the texts themselves: fetches those that are elsewhere.
//   bad_config  a secret is not where it should be
Result<std::string> render_provisioning(const Provisioning& provisioning);

// Fetches a secret and checks it by the rule for its place. Used after reading, because reading
// only notes where a secret is.
Result<std::string> reveal_psk(const WifiSection& wifi);

}  // namespace sluice
