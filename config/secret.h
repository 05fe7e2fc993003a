// Secret: a password, token or key. Cannot be printed, logged or compared; only reveal() gives it.
//
//   password = "literal"                      in the file (mind who may read it)
//   password = { env = "BROKER_PASSWORD" }    an environment variable
//   password = { file = "/etc/sluice/pw" }    a file; one newline at its end is not part of it
//   password = { credential = "broker" }      a file in $CREDENTIALS_DIRECTORY (systemd)
//
// Reading a configuration only notes where the secret is: `sluice check` works on a machine that
// does not have it, and a changed file is used at the next connection.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <utility>

#include "core/result.h"

namespace sluice {

class Secret {
 public:
  enum class Place : unsigned char { none, literal, environment, file, credential };

  static constexpr std::size_t max_bytes = std::size_t{64} << 10;

  Secret() = default;  // none: reveal() gives an empty text
  Secret(Place place, std::string text) : place_(place), text_(std::move(text)) {}

  bool is_set() const { return place_ != Place::none; }
  Place place() const { return place_; }

  // The secret itself. Keep it no longer than needed. The message says where it was looked for.
  //   bad_config  there is no such variable or file, or it is larger than max_bytes
  Result<std::string> reveal() const;

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  Place place_ = Place::none;
  std::string text_;  // the secret, or the name of its place
};

}  // namespace sluice
