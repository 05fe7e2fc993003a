#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "core/arena.h"
#include "core/clock.h"
#include "core/value.h"
#include "drivers/codecs/json.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"
#include "gateway/screen_text.h"

namespace sluice {
namespace {

constexpr Duration pause_between_tries = std::chrono::milliseconds(500);
constexpr std::size_t name_columns = 14;

bool is_true(const Value* value) {
  return value != nullptr && value->kind() == Kind::boolean && value->as_bool();
}

std::string text_of(const Value& check, std::string_view key) {
  const Value* value = check.find(key);
  return value != nullptr && value->kind() == Kind::string ? on_one_line(value->as_text()) : "";
}

// A line a check, and whether all of them are good.
bool render(const std::string& json, std::string& text) {
  Arena arena;
  const auto health = parse_json(json, arena);
  const Value* checks = health ? health->find("checks") : nullptr;
  if (checks == nullptr || checks->kind() != Kind::list) {
    text = "sluice: the gateway's answer is not a health report\n";
    return false;
  }
  for (const Value& check : checks->as_list()) {
    text += (is_true(check.find("good")) ? "ok      " : "FAILED  ") +
            fit_left(text_of(check, "name"), name_columns) + " " + text_of(check, "detail") + "\n";
  }
  return is_true(health->find("healthy"));
}

// One try. `text` is what to print of it.
bool is_healthy(const HealthcheckOptions& options, std::string& text) {
  const auto answer =
      ask_gateway(find_socket(options.tool), {"POST", "/v1/health", {}}, std::chrono::seconds(30));
  if (!answer) {
    text = "sluice: " + answer.error().message + "\n";
    return false;
  }
  if (answer->status != 200) {
    text = "sluice: " + answer->body;
    return false;
  }
  const bool is_good = render(answer->body, text);
  if (options.tool.is_json) text = answer->body + "\n";
  return is_good;
}

}  // namespace

int healthcheck_command(const HealthcheckOptions& options) {
  const auto wait = parse_duration(options.wait);
  if (!wait) {
    print(stderr, "sluice: --wait: '" + options.wait + "' is no duration such as 30s\n");
    return exit_usage;
  }
  const SystemClock clock;
  const Duration end = clock.monotonic() + *wait;
  for (;;) {
    std::string text;
    const bool is_good = is_healthy(options, text);
    if (is_good || clock.monotonic() >= end) {
      print(is_good ? stdout : stderr, text);
      return is_good ? exit_ok : exit_failed;
    }
    std::this_thread::sleep_for(std::min(pause_between_tries, end - clock.monotonic()));
  }
}

}  // namespace sluice
