// AdminServer: HTTP for tools and monitoring, on a Unix socket (everything) or a TCP address (reads
// alone). Boost.Beast on a thread of its own, with bounds on connections, time and body size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

struct AdminRequest {
  std::string method;  // "GET", "POST"
  std::string path;    // "/status"; decoded, without a query
  std::string body;
};

struct AdminResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// Called on the server's thread.
using AdminHandler = std::function<AdminResponse(const AdminRequest&)>;

class AdminServer {
 public:
  static constexpr std::size_t max_socket_path = 107;  // the kernel's bound (unix(7))

  // A Unix socket with mode 0660 and, when it exists and may be set, group `sluice`. Replaces a
  // socket that a dead process left.
  //   try_later  the path cannot be used now
  static Result<std::unique_ptr<AdminServer>> open_unix(const std::string& path,
                                                        AdminHandler handler);
  // "127.0.0.1:9470" or "[::1]:9470"; port 0 takes a free one. Only GET is answered.
  static Result<std::unique_ptr<AdminServer>> open_tcp(const std::string& address,
                                                       AdminHandler handler);
  ~AdminServer();

  std::uint16_t port() const;  // of a TCP server

 private:
  class Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<AdminServer>> serve(int fd, bool is_read_only, AdminHandler handler,
                                                    std::string socket_path);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
