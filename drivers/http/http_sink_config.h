// What can be said of an HTTP sink in the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "config/secret.h"
#include "core/clock.h"

namespace sluice {

template <typename T>
class Fields;

struct HttpSinkConfig {
  std::string url;
  std::map<std::string, std::string> headers;
  Secret token;
  Duration timeout = std::chrono::seconds(30);
  Duration connect_timeout = std::chrono::seconds(5);
  std::int64_t max_in_flight = 1;
  std::string ca_file;  // empty: the system's
};
void describe(Fields<HttpSinkConfig>& fields);

}  // namespace sluice
