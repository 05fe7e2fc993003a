// What systemd-networkd and wpa_supplicant read, made from a provisioning file's [network].
#pragma once

#include <string>

#include "core/result.h"
#include "packaging/provisioning/provisioning.h"

namespace sluice {

// systemd.network(5). Without an address: DHCP.
std::string networkd_file(const NetworkSection& network);

// The interface that wpa_supplicant@.service is started for: the one named, else wlan0.
std::string wifi_interface(const NetworkSection& network);

// wpa_supplicant.conf(5). The name is written in hexadecimal and the passphrase as the key derived
// from it (IEEE 802.11 annex J.4.1), so that no character of theirs can become syntax.
//   bad_config  the passphrase is not as it must be
Result<std::string> wpa_file(const WifiSection& wifi);

}  // namespace sluice
