#include "gateway/admin/client.h"

#include <curl/curl.h>

#include <cerrno>
#include <memory>

namespace sluice {
namespace {

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(bytes, size * count);
  return size * count;
}

// What the person at the terminal should do about it.
std::string no_answer(CURLcode code, long os_error) {
  switch (os_error) {
    case ENOENT:
      return "there is no such socket. The gateway does not run (systemctl status sluice), or it "
             "uses "
             "another one ([admin] socket in its configuration): name that with --socket or "
             "--config";
    case ECONNREFUSED:
      return "the gateway that made this socket has ended. Why: journalctl -u sluice; to start it: "
             "systemctl start sluice";
    case EACCES:
    case EPERM:
      return "you may not use this socket: become a member of the group sluice, or use sudo";
    default:
      break;
  }
  if (code == CURLE_OPERATION_TIMEDOUT)
    return "it runs, but has not answered in time: look into its log (journalctl -u sluice)";
  return std::string(curl_easy_strerror(code)) + ". Its log may say more: journalctl -u sluice";
}

}  // namespace

Result<AdminResponse> ask_gateway(const std::string& socket_path, const AdminRequest& request,
                                  long timeout_seconds) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  CHECK(easy != nullptr);
  AdminResponse response;
  curl_easy_setopt(easy.get(), CURLOPT_UNIX_SOCKET_PATH, socket_path.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_URL, ("http://localhost" + request.path).c_str());
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, timeout_seconds);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &response.body);
  if (request.method == "POST") {
    curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(easy.get(), CURLOPT_COPYPOSTFIELDS, request.body.c_str());
  }
  if (const CURLcode code = curl_easy_perform(easy.get()); code != CURLE_OK) {
    long os_error = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_OS_ERRNO, &os_error);
    return Error{ErrorKind::try_later,
                 "no gateway answers on " + socket_path + ": " + no_answer(code, os_error)};
  }
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  return response;
}

}  // namespace sluice
