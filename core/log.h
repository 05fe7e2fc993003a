// Log lines: a constant sentence plus fields, as key=value on stderr (journald adds time and unit).
//
//   log_warning("Upstream refused a batch", {{"sink", name}, {"status", 503}});
//   -> level=warning msg="Upstream refused a batch" sink=cloud status=503
//
// Normal work logs nothing. Any thread may call.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice {

enum class LogLevel : unsigned char { debug, info, warning, error };

struct LogField {
  template <typename T>
  LogField(std::string_view field_key, const T& field_value) : key(field_key) {
    if constexpr (std::is_same_v<T, bool>)
      value = field_value ? "true" : "false";
    else if constexpr (std::is_arithmetic_v<T>)
      value = std::to_string(field_value);
    else
      value = std::string(std::string_view(field_value));
  }
  std::string_view key;
  std::string value;
};
using LogFields = std::initializer_list<LogField>;

void set_log_level(LogLevel level);
void log_debug(std::string_view sentence, LogFields fields = {});
void log_info(std::string_view sentence, LogFields fields = {});
void log_warning(std::string_view sentence, LogFields fields = {});
void log_error(std::string_view sentence, LogFields fields = {});

// Logs an error that may repeat once, then as a count a minute: one object per kind of error and
// part, owned by the thread that reports.
class RepeatedError {
 public:
  // `now` is monotonic, in nanoseconds.
  void report(std::int64_t now, LogLevel level, std::string_view sentence, LogFields fields);

 private:
  std::string last_;
  std::int64_t logged_at_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace sluice
