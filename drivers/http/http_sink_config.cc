#include "drivers/http/http_sink_config.h"

#include "config/fields.h"

namespace sluice {

void describe(Fields<HttpSinkConfig>& fields) {
  using namespace std::chrono_literals;
  const auto check_url = [](const std::string& url) -> Result<void> {
    if (url.starts_with("http://") || url.starts_with("https://")) return {};
    return Error{ErrorKind::bad_config, "'" + url + "' must start with http:// or https://"};
  };
  fields.required("url", &HttpSinkConfig::url, "Where batches are posted to.")
      .checked_by(check_url, "http:// or https://")
      .optional("headers", &HttpSinkConfig::headers, "Further request headers, name = \"value\".")
      .optional("token", &HttpSinkConfig::token, "Sent as a bearer token.")
      .optional("timeout", &HttpSinkConfig::timeout,
                "Give up on an answer after this long, and try again.")
      .between(100ms, 1h)
      .optional("connect_timeout", &HttpSinkConfig::connect_timeout,
                "Give up on a connection after this long.")
      .between(100ms, 10min)
      .optional("max_in_flight", &HttpSinkConfig::max_in_flight,
                "Requests at a time. More than one is faster over a slow link, and batches may "
                "arrive out of order.")
      .between(1, 64)
      .optional("ca_file", &HttpSinkConfig::ca_file,
                "Certificates to trust; without it the system's.");
}

}  // namespace sluice
