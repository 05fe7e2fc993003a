#include "packaging/firstboot/gateway_name.h"

#include "config/document.h"

namespace sluice {
namespace {

// Where the line after this one begins.
std::size_t after_line(const std::string& text, std::uint32_t line) {
  std::size_t place = 0;
  for (std::uint32_t i = 0; i < line && place != std::string::npos; ++i) {
    const std::size_t end = text.find('\n', place);
    place = end == std::string::npos ? end : end + 1;
  }
  return place;
}

}  // namespace

std::string gateway_name(const std::string& configuration) {
  const Document document = Document::parse(configuration, "sluice.toml");
  const Node* gateway = document.root().node().find("gateway");
  const Node* name = gateway == nullptr ? nullptr : gateway->find("name");
  return name == nullptr ? "" : name->text;
}

std::string with_gateway_name(const std::string& configuration, const std::string& id) {
  const Document document = Document::parse(configuration, "sluice.toml");
  const Node* gateway = document.root().node().find("gateway");
  std::string text = document.text();
  if (!text.empty() && text.back() != '\n') text += '\n';
  if (gateway == nullptr) return text + "\n[gateway]\nname = \"" + id + "\"\n";
  const std::size_t place = after_line(text, gateway->value.begin.line);
  return text.insert(place, "name = \"" + id + "\"\n");
}

}  // namespace sluice
