#include "gateway/admin/client.h"

#include <curl/curl.h>

#include <memory>

namespace sluice {
namespace {

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(bytes, size * count);
  return size * count;
}

}  // namespace

Result<AdminResponse> ask_gateway(const std::string& socket_path, const AdminRequest& request) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  CHECK(easy != nullptr);
  AdminResponse response;
  curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, socket_path.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_URL, ("http://localhost" + request.path).c_str());
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &response.body);
  if (request.method == "POST") {
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_COPYPOSTFIELDS, request.body.c_str());
  }
  if (const CURLcode code = curl_easy_perform(easy.get()); code != CURLE_OK) {
    return Error{ErrorKind::try_later,
                 "no gateway answers on " + socket_path + " (" + curl_easy_strerror(code) +
                     "); is it running (systemctl status sluice), and may you use the socket "
                     "(group sluice)? --socket names another one"};
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

}  // namespace sluice
