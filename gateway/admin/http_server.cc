#include "gateway/admin/http_server.h"

#include <arpa/inet.h>
#include <grp.h>
#include <microhttpd.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice {
namespace {

constexpr unsigned max_connections = 32;
constexpr unsigned timeout_s = 10;
constexpr std::size_t max_body_bytes = 1024 * 1024;

Error failed(std::string_view what, const std::string& where) {
  return {ErrorKind::try_later, std::string(what) + " " + where + ": " + std::strerror(errno)};
}

// True when somebody answers on this socket: it must not be taken away.
bool is_alive(const sockaddr_un& address) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool is_answered =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return is_answered;
}

void give_to_group(const std::string& path) {
  ::chmod(path.c_str(), 0660);
  if (const group* owner = ::getgrnam("sluice")) {
    // A user without the right to do so still has a socket of its own.
    const int ignored = ::chown(path.c_str(), static_cast<uid_t>(-1), owner->gr_gid);
    (void)ignored;
  }
}

}  // namespace

struct AdminServer::Impl {
  AdminHandler handler;
  bool is_read_only = false;
  std::string socket_path;
  std::uint16_t port = 0;
  MHD_Daemon* daemon = nullptr;

  static MHD_Result answer(MHD_Connection* connection, const AdminResponse& response) {
    MHD_Response* out = MHD_create_response_from_buffer(
        response.body.size(),
        const_cast<char*>(
            response.body.data()),  // NOLINT(cppcoreguidelines-pro-type-const-cast): copied at once
        MHD_RESPMEM_MUST_COPY);
    if (out == nullptr) return MHD_NO;
    MHD_add_response_header(out, "Content-Type", response.content_type.c_str());
    const MHD_Result queued =
        MHD_queue_response(connection, static_cast<unsigned>(response.status), out);
    MHD_destroy_response(out);
    return queued;
  }

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                               const char* method, const char*, const char* data,
                               std::size_t* data_size, void** state) {
    auto& server = *static_cast<Impl*>(self);
    if (*state == nullptr) {
      *state = new AdminRequest{method, url, {}};
      return MHD_YES;
    }
    auto& request = *static_cast<AdminRequest*>(*state);
    if (*data_size > 0) {
      const std::size_t room = max_body_bytes - std::min(max_body_bytes, request.body.size());
      request.body.append(data, std::min(room, *data_size));
      *data_size = 0;
      return MHD_YES;
    }
    if (request.body.size() >= max_body_bytes)
      return answer(connection, {413, "text/plain", "the request is too large\n"});
    if (server.is_read_only && request.method != "GET") {
      return answer(connection,
                    {405, "text/plain", "this address answers GET only; use the admin socket\n"});
    }
    return answer(connection, server.handler(request));
  }

  static void on_done(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
    delete static_cast<AdminRequest*>(*state);
    *state = nullptr;
  }
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminServer::~AdminServer() {
  MHD_stop_daemon(impl_->daemon);
  if (!impl_->socket_path.empty()) ::unlink(impl_->socket_path.c_str());
}

std::uint16_t AdminServer::port() const { return impl_->port; }

Result<std::unique_ptr<AdminServer>> AdminServer::serve(int fd, bool is_read_only,
                                                        AdminHandler handler,
                                                        std::string socket_path) {
  auto impl = std::make_unique<Impl>();
  impl->handler = std::move(handler);
  impl->is_read_only = is_read_only;
  impl->socket_path = std::move(socket_path);
  impl->daemon = MHD_start_daemon(
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, nullptr, nullptr, &Impl::on_request,
      impl.get(), MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, max_connections,
      MHD_OPTION_CONNECTION_TIMEOUT, timeout_s, MHD_OPTION_NOTIFY_COMPLETED, &Impl::on_done,
      nullptr, MHD_OPTION_END);
  if (impl->daemon == nullptr) {
    ::close(fd);
    return Error{ErrorKind::try_later, "the admin server cannot start"};
  }
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

Result<std::unique_ptr<AdminServer>> AdminServer::open_unix(const std::string& path,
                                                            AdminHandler handler) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{ErrorKind::bad_config, "the socket path " + path + " is longer than " +
                                            std::to_string(sizeof address.sun_path - 1) + " bytes"};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (is_alive(address)) return Error{ErrorKind::try_later, "another process answers on " + path};
  ::unlink(path.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failed("cannot make a socket for", path);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 16) != 0) {
    const Error error = failed("cannot listen on", path);
    ::close(fd);
    return error;
  }
  give_to_group(path);
  return serve(fd, false, std::move(handler), path);
}

Result<std::unique_ptr<AdminServer>> AdminServer::open_tcp(const std::string& address,
                                                           AdminHandler handler) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos)
    return Error{ErrorKind::bad_config, "'" + address + "' is not HOST:PORT"};
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) {
    return Error{ErrorKind::bad_config,
                 "'" + address + "' is not an address and a port such as 127.0.0.1:9470"};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failed("cannot make a socket for", address);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd, 16) != 0) {
    const Error error = failed("cannot listen on", address);
    ::close(fd);
    return error;
  }
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
  auto server = TRY(serve(fd, true, std::move(handler), {}));
  server->impl_->port =
      ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                        : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  return server;
}

}  // namespace sluice
