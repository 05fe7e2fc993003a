// JsonLine: one flat JSON object as one line of a ledger, or as the answer to --json.
//
//   JsonLine().text("device", "dev-0007").number("seq", 17).null("acked_ms").finish()
//   -> {"device":"dev-0007","seq":17,"acked_ms":null}
//
// Members keep the order of the calls. Numbers are written by std::to_chars.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sim {

class JsonLine {
 public:
  JsonLine& text(std::string_view key, std::string_view value);
  JsonLine& number(std::string_view key, std::uint64_t value);
  JsonLine& decimal(std::string_view key, double value);
  JsonLine& boolean(std::string_view key, bool value);
  JsonLine& null(std::string_view key);
  // `json` is a complete JSON value.
  JsonLine& raw(std::string_view key, std::string_view json);

  // The object without a newline. The JsonLine is empty afterwards.
  std::string finish();

 private:
  void key(std::string_view name);

  std::string line_ = "{";
};

}  // namespace sluice::sim
