#include "packaging/provisioning/provisioning.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "config/fields.h"
#include "config/table_reader.h"

namespace sluice {
namespace {

Error wrong(std::string message) { return Error{ErrorKind::bad_config, std::move(message)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_one_of(char c, std::string_view others) {
  return is_digit(c) || is_letter(c) || others.find(c) != std::string_view::npos;
}
bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return is_one_of(c, others); });
}

// As gateway.name, of which it is the default.
Result<void> check_id(const std::string& id) {
  if (!id.empty() && id.size() <= 64 && consists_of(id, "-_")) return {};
  return wrong("must be 1 to 64 letters, digits, '-' and '_'");
}

// RFC 1123 section 2.1; a domain behind it is the network's affair.
Result<void> check_hostname(const std::string& name) {
  if (!name.empty() && name.size() <= 63 && consists_of(name, "-") && name.front() != '-' &&
      name.back() != '-') {
    return {};
  }
  return wrong("must be 1 to 63 letters, digits and '-', and not begin or end with '-'");
}

// The bits of an address of this kind, 0 when it is none.
unsigned address_bits(const std::string& text) {
  std::array<unsigned char, 16> ignored{};
  if (inet_pton(AF_INET, text.c_str(), ignored.data()) == 1) return 32;
  if (inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1) return 128;
  return 0;
}

Result<void> check_address(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const unsigned bits = address_bits(text.substr(0, slash));
    unsigned length = 0;
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data() + slash + 1, end, length);
    if (bits > 0 && fault == std::errc{} && stop == end && length >= 1 && length <= bits) return {};
  }
  return wrong("must be an address with the length of its network, as in \"192.168.7.20/24\"");
}

Result<void> check_plain_address(const std::string& text) {
  if (address_bits(text) > 0) return {};
  return wrong("must be an IPv4 or IPv6 address, as in \"192.168.7.1\"");
}

// It becomes a line of a networkd file.
Result<void> check_interface(const std::string& text) {
  if (!text.empty() && text.size() <= 64 && consists_of(text, "-_.*?")) return {};
  return wrong("must be the name of an interface; '*' and '?' stand for others, as in \"e*\"");
}

// IEEE 802.11: at most 32 octets. Quotes and control characters would need another syntax in
// wpa_supplicant.conf; there they are written in hexadecimal, so all are allowed here.
Result<void> check_ssid(const std::string& ssid) {
  if (!ssid.empty() && ssid.size() <= 32) return {};
  return wrong("must be 1 to 32 bytes long");
}

Result<void> check_country(const std::string& country) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (country.size() == 2 && is_capital(country[0]) && is_capital(country[1])) return {};
  return wrong("must be two capital letters, as in \"DE\"");
}

// IEEE 802.11 annex J.4.1: a passphrase of printable ASCII, or the key itself in hexadecimal.
Result<void> check_psk(const std::string& psk) {
  const bool is_key = psk.size() == 64 && std::all_of(psk.begin(), psk.end(), [](char c) {
                        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
                      });
  const bool is_printable =
      std::all_of(psk.begin(), psk.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (is_key || (psk.size() >= 8 && psk.size() <= 63 && is_printable)) return {};
  return wrong("must be 8 to 63 printable ASCII characters, or 64 hexadecimal digits");
}

}  // namespace

void describe(Fields<DeviceSection>& fields) {
  fields
      .optional("id", &DeviceSection::id, "Name of the box where sluice.toml sets no gateway.name.")
      .checked_by(check_id)
      .optional("hostname", &DeviceSection::hostname, "Host name; without it the id.")
      .checked_by(check_hostname);
}

void describe(Fields<WifiSection>& fields) {
  fields.required("ssid", &WifiSection::ssid, "Name of the network.")
      .checked_by(check_ssid)
      .optional("psk", &WifiSection::psk, "Passphrase or key; an open network has none.")
      .optional("country", &WifiSection::country, "Country, for the channels that may be used.")
      .checked_by(check_country);
}

void describe(Fields<NetworkSection>& fields) {
  fields
      .optional("interface", &NetworkSection::interface,
                "Interface that this is about; without it \"e*\", for Wi-Fi \"wl*\".")
      .checked_by(check_interface)
      .optional("address", &NetworkSection::address, "Static address; without it DHCP.")
      .checked_by(check_address)
      .optional("gateway", &NetworkSection::gateway, "Router to other networks.")
      .checked_by(check_plain_address)
      .optional("dns", &NetworkSection::dns, "Name servers.")
      .checked_by(check_plain_address)
      .optional("wifi", &NetworkSection::wifi, "Wi-Fi network to join.")
      .ensure([](const NetworkSection& n) { return n.gateway.empty() || !n.address.empty(); },
              "gateway needs address: with DHCP the router is learnt");
}

void describe(Fields<Provisioning>& fields) {
  fields.optional("device", &Provisioning::device, "Who the box is.")
      .optional("network", &Provisioning::network, "How it reaches others.")
      .optional("secrets", &Provisioning::secrets, "Credentials that sluice.toml names.");
}

namespace {

// They become names of files.
void check_secret_names(Document& document) {
  const Node* secrets = document.root().node().find("secrets");
  if (secrets == nullptr) return;
  for (const auto& child : secrets->children) {
    if (child->name.size() <= 64 && !child->name.empty() && child->name.front() != '.' &&
        consists_of(child->name, "-_.")) {
      continue;
    }
    document.diagnostics().error(child->key, child->path(),
                                 "a credential's name must be 1 to 64 letters, digits, '-', '_' "
                                 "and '.', and not begin with '.'");
  }
}

// A literal can be checked at once, where it is written; another secret when it is fetched.
void check_literal_psk(Document& document, const Provisioning& provisioning) {
  const auto& wifi = provisioning.network.wifi;
  if (!wifi || wifi->psk.place() != Secret::Place::literal) return;
  const Result<std::string> psk = reveal_psk(*wifi);
  if (psk) return;
  document.diagnostics().error(*document.root().node().find("network")->find("wifi")->find("psk"),
                               psk.error().message);
}

std::string quoted(const std::string& text) { return ValueType<std::string>::text(text); }

void render_text(std::string& out, std::string_view key, const std::string& value) {
  if (!value.empty()) out += std::string(key) + " = " + quoted(value) + "\n";
}

Result<void> render_wifi(std::string& out, const WifiSection& wifi) {
  out += "\n[network.wifi]\n";
  render_text(out, "ssid", wifi.ssid);
  if (wifi.psk.is_set()) render_text(out, "psk", TRY(reveal_psk(wifi)));
  render_text(out, "country", wifi.country);
  return {};
}

}  // namespace

Result<Provisioning> read_provisioning(Document& document) {
  Provisioning provisioning;
  if (read_table(document.root(), provisioning, document.diagnostics())) {
    check_literal_psk(document, provisioning);
  }
  check_secret_names(document);
  TRY(document.diagnostics().result());
  return provisioning;
}

Result<std::string> reveal_psk(const WifiSection& wifi) {
  std::string psk = TRY(wifi.psk.reveal());
  TRY(check_psk(psk));
  return psk;
}

Result<std::string> render_provisioning(const Provisioning& provisioning) {
  std::string out = "[device]\n";
  render_text(out, "id", provisioning.device.id);
  render_text(out, "hostname", provisioning.device.hostname);
  const NetworkSection& network = provisioning.network;
  out += "\n[network]\n";
  render_text(out, "interface", network.interface);
  render_text(out, "address", network.address);
  render_text(out, "gateway", network.gateway);
  if (!network.dns.empty()) {
    out += "dns = " + ValueType<std::vector<std::string>>::text(network.dns) + "\n";
  }
  if (network.wifi) TRY(render_wifi(out, *network.wifi));
  if (provisioning.secrets.empty()) return out;
  out += "\n[secrets]\n";
  for (const auto& [name, secret] : provisioning.secrets) {
    out += quoted(name) + " = " + quoted(TRY(secret.reveal())) + "\n";
  }
  return out;
}

}  // namespace sluice
