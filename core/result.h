// Result<T>: a value, or the Error that says why there is none and what the caller does next.
//
//   Result<Offset> append(...);
//   const Offset offset = TRY(log.append(...));   // the value, or return the Error from here
//
// A Result must be used: ignoring one does not compile. We throw nothing of our own; a broken
// invariant is CHECK(...), which is on in release builds and ends the process.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace sluice {

// Named by what the caller does next.
enum class ErrorKind : unsigned char {
  try_later,   // the network, a peer or a lock: the same call may work later
  bad_input,   // the data at hand is wrong: set it aside, go on with the next
  bad_config,  // a person must mend the configuration
  no_space,    // the disk or a bound is full: free something first
  corrupt,     // stored bytes are not what was written: quarantine them, go on
};

struct [[nodiscard]] Error {
  ErrorKind kind;
  std::string message;  // one line for a person
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {
  }  // NOLINT(google-explicit-constructor): a value is a Result
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {
  }  // NOLINT(google-explicit-constructor): so is an Error

  bool is_ok() const { return state_.index() == 0; }
  explicit operator bool() const { return is_ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error)
      : error_(std::move(error)),
        is_ok_(false) {}  // NOLINT(google-explicit-constructor): an Error is a Result

  bool is_ok() const { return is_ok_; }
  explicit operator bool() const { return is_ok_; }
  void value() const {}
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  Error error_{ErrorKind::try_later, {}};
  bool is_ok_ = true;
};

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "sluice: broken invariant: %s at %s:%d\n", what, file, line);
  std::abort();
}

}  // namespace sluice

// The value of a Result, or return its Error from the enclosing function.
#define TRY(...)                                                     \
  __extension__({                                                    \
    auto try_result_ = (__VA_ARGS__);                                \
    if (!try_result_.is_ok()) return std::move(try_result_).error(); \
    std::move(try_result_).value();                                  \
  })

// Ends the process when an invariant is broken: systemd restarts it, and the store is safe.
#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) ::sluice::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
