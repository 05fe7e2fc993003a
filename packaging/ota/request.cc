#include "packaging/ota/request.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/table_reader.h"

namespace sluice {
namespace {

constexpr std::string_view bundle_suffix = ".raucb";

Error wrong(std::string message) { return Error{ErrorKind::bad_config, std::move(message)}; }

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-_.+~").find(c) != std::string_view::npos;
}

Result<void> check_bundle(const std::string& name) {
  if (name.size() > bundle_suffix.size() && name.size() <= 128 && name.front() != '.' &&
      name.front() != '-' && name.ends_with(bundle_suffix) &&
      std::all_of(name.begin(), name.end(), is_name_character)) {
    return {};
  }
  return wrong("must be the name of a .raucb file in the same folder, without a path");
}

std::optional<std::chrono::minutes> parse_time(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] - '0'; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0u, 1u, 3u, 4u}) {
    if (digit(i) < 0 || digit(i) > 9) return std::nullopt;
  }
  const int hours = digit(0) * 10 + digit(1);
  const int minutes = digit(3) * 10 + digit(4);
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes(hours * 60 + minutes);
}

struct Window {
  std::chrono::minutes begin;
  std::chrono::minutes end;
};

std::optional<Window> parse_window(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const auto begin = parse_time(text.substr(0, 5));
  const auto end = parse_time(text.substr(6));
  if (!begin || !end || *begin == *end) return std::nullopt;
  return Window{*begin, *end};
}

Result<void> check_window(const std::string& text) {
  if (parse_window(text)) return {};
  return wrong("must be two different times of the day in UTC, as in \"02:00-04:00\"");
}

bool is_within(const Window& window, std::chrono::sys_seconds now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const auto time = std::chrono::floor<std::chrono::minutes>(now - day);
  if (window.begin < window.end) return time >= window.begin && time < window.end;
  return time >= window.begin || time < window.end;
}

// 0 to 99.
std::uint32_t place_of(const std::string& device_id, const std::string& bundle) {
  const std::string text = device_id + "\n" + bundle;
  std::array<unsigned char, 32> hash{};
  CHECK(EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) == 1);
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | hash[i];
  return number % 100;
}

}  // namespace

void describe(Fields<UpdateRequest>& fields) {
  fields.required("bundle", &UpdateRequest::bundle, "Bundle, a file beside the request.")
      .checked_by(check_bundle)
      .optional("share", &UpdateRequest::share, "Per cent of the boxes that take it.")
      .between(1, 100)
      .optional("window", &UpdateRequest::window, "Time of the day, UTC; without it any.")
      .checked_by(check_window);
}

Result<UpdateRequest> read_request(Document& document) {
  UpdateRequest request;
  read_table(document.root(), request, document.diagnostics());
  TRY(document.diagnostics().result());
  return request;
}

std::string render_request(const UpdateRequest& request) {
  std::string text = "bundle = " + ValueType<std::string>::text(request.bundle) + "\n";
  text += "share = " + std::to_string(request.share) + "\n";
  if (!request.window.empty()) {
    text += "window = " + ValueType<std::string>::text(request.window) + "\n";
  }
  return text;
}

Verdict decide(const UpdateRequest& request, const std::string& device_id,
               std::chrono::sys_seconds now) {
  if (place_of(device_id, request.bundle) >= request.share) return Verdict::not_chosen;
  const auto window = parse_window(request.window);
  return !window || is_within(*window, now) ? Verdict::install : Verdict::wait;
}

}  // namespace sluice
