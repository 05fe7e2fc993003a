#include "core/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

namespace sluice {
namespace {

// What a peer said may be in a value: it must not steer the terminal that shows the log.
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// Quotes a value only when it holds something that would break key=value.
void append_field_value(std::string& line, std::string_view value) {
  const auto needs_quotes = [](char c) {
    return c == ' ' || c == '"' || c == '=' || c == '\\' || is_control(c);
  };
  if (!value.empty() && std::ranges::none_of(value, needs_quotes)) {
    line += value;
    return;
  }
  line.push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') line.push_back('\\');
    line.push_back(is_control(c) ? ' ' : c);
  }
  line.push_back('"');
}

spdlog::logger& logger() {
  static const auto instance = [] {
    // A module has its own copy of this code; the program's logger, made first, is for all.
    if (auto made_before = spdlog::get("sluice")) return made_before;
    auto made = std::make_shared<spdlog::logger>("sluice",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // Under systemd the journal stamps each line with its time.
    const bool is_journald = std::getenv("JOURNAL_STREAM") != nullptr;
    made->set_pattern(is_journald ? "level=%l %v" : "time=%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
    made->flush_on(spdlog::level::debug);
    spdlog::register_logger(made);
    return made;
  }();
  return *instance;
}

void write(spdlog::level::level_enum level, std::string_view sentence, LogFields fields) {
  if (!logger().should_log(level)) return;
  std::string line = "msg=";
  append_field_value(line, sentence);
  for (const LogField& field : fields) {
    line.push_back(' ');
    line += field.key;
    line.push_back('=');
    append_field_value(line, field.value);
  }
  logger().log(level, line);
}

}  // namespace

void set_log_level(LogLevel level) {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  logger().set_level(levels[static_cast<std::size_t>(level)]);
}

void log_debug(std::string_view sentence, LogFields fields) {
  write(spdlog::level::debug, sentence, fields);
}
void log_info(std::string_view sentence, LogFields fields) {
  write(spdlog::level::info, sentence, fields);
}
void log_warning(std::string_view sentence, LogFields fields) {
  write(spdlog::level::warn, sentence, fields);
}
void log_error(std::string_view sentence, LogFields fields) {
  write(spdlog::level::err, sentence, fields);
}

void RepeatedError::report(std::int64_t now, LogLevel level, std::string_view sentence,
                           LogFields fields) {
  constexpr std::int64_t minute_ns = 60'000'000'000;
  const bool is_due = last_ != sentence || now - logged_at_ >= minute_ns;
  if (!is_due) {
    ++suppressed_;
    return;
  }
  const auto spdlog_level = level == LogLevel::error     ? spdlog::level::err
                            : level == LogLevel::warning ? spdlog::level::warn
                                                         : spdlog::level::info;
  if (last_ == sentence && suppressed_ > 0) {
    write(spdlog_level, "The same happened again within the last minute",
          {{"what", sentence}, {"times", suppressed_}});
  }
  write(spdlog_level, sentence, fields);
  last_ = sentence;
  logged_at_ = now;
  suppressed_ = 0;
}

}  // namespace sluice
