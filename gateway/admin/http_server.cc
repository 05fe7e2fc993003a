#include "gateway/admin/http_server.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "gateway/admin/url_path.h"

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
// Unix and TCP sockets are served alike.
using Protocol = asio::generic::stream_protocol;
// One kind of executor, named: Asio's default, which can hold any, is a tenth of a megabyte of
// code.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<Protocol, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
using Failure = boost::system::error_code;

constexpr std::size_t max_connections = 32;
constexpr auto timeout = std::chrono::seconds(10);
constexpr auto pause_after_failure = std::chrono::milliseconds(200);
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

// One connection: reads a request, answers it, and so on until the peer goes or is silent for too
// long.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Answer = std::function<AdminResponse(const AdminRequest&)>;

  Session(Socket socket, const Answer& answer)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), answer_(answer) {}

  void read() {
    parser_.emplace();
    parser_->body_limit(max_body_bytes);
    close_if_late();
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](const Failure& failure, std::size_t) {
                       self->on_read(failure);
                     });
  }

 private:
  void on_read(const Failure& failure) {
    if (failure == http::error::body_limit) {
      reply({413, "text/plain", "the request is too large\n"}, false);
    } else if (!failure) {
      const auto& message = parser_->get();
      const auto target = std::string_view(message.target().data(), message.target().size());
      reply(answer_({std::string(message.method_string()),
                     percent_decoded(target.substr(0, target.find('?'))), message.body()}),
            message.keep_alive());
    } else if (failure.category() == http::make_error_code(http::error::bad_method).category() &&
               failure != http::error::end_of_stream) {
      reply({400, "text/plain", "that is no HTTP request: " + failure.message() + "\n"}, false);
    }
  }

  // What is under way then ends with an error.
  void close_if_late() {
    timer_.expires_after(timeout);
    timer_.async_wait([weak = weak_from_this()](const Failure& failure) {
      const auto self = weak.lock();
      if (!self || failure) return;
      // It may have been set anew between its end and this call.
      Failure ignored;
      if (self->timer_.expiry() <= std::chrono::steady_clock::now()) self->socket_.close(ignored);
    });
  }

  void reply(AdminResponse response, bool is_kept) {
    response_.emplace(static_cast<http::status>(response.status), 11);
    response_->set(http::field::content_type, response.content_type);
    response_->keep_alive(is_kept);
    response_->body() = std::move(response.body);
    response_->prepare_payload();
    close_if_late();
    http::async_write(socket_, *response_,
                      [self = shared_from_this(), is_kept](const Failure& failure, std::size_t) {
                        if (!failure && is_kept) self->read();
                      });
  }

  Socket socket_;
  Timer timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  const Answer& answer_;
};

}  // namespace

class AdminServer::Impl {
 public:
  Impl(int fd, bool is_read_only, AdminHandler handler, std::string socket_path)
      : is_read_only_(is_read_only),
        handler_(std::move(handler)),
        socket_path_(std::move(socket_path)) {
    acceptor_.assign(Protocol(AF_UNSPEC, SOCK_STREAM), fd);
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    io_.stop();
    thread_.join();
    is_ending_ = true;  // what ends with io_ begins nothing new
    if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
  }

  std::uint16_t port() {
    const Protocol::endpoint bound = acceptor_.local_endpoint();
    return ntohs(bound.protocol().family() == AF_INET6
                     ? reinterpret_cast<const sockaddr_in6*>(bound.data())->sin6_port
                     : reinterpret_cast<const sockaddr_in*>(bound.data())->sin_port);
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const Failure& failure, Socket socket) {
      if (!failure) {
        begin(std::move(socket));
      } else {
        accept_later();  // out of descriptors, most likely
      }
    });
  }

  void begin(Socket socket) {
    ++connections_;
    // The last one to hold the session, be it an operation under way, ends it.
    const std::shared_ptr<Session> session(new Session(std::move(socket), answer_),
                                           [this](Session* ended) {
                                             delete ended;
                                             if (connections_-- == max_connections && !is_ending_)
                                               accept();
                                           });
    session->read();
    if (connections_ < max_connections) accept();
  }

  void accept_later() {
    pause_.expires_after(pause_after_failure);
    pause_.async_wait([this](const Failure& failure) {
      if (!failure) accept();
    });
  }

  AdminResponse answer(const AdminRequest& request) const {
    if (is_read_only_ && request.method != "GET")
      return {405, "text/plain", "this address answers GET only; use the admin socket\n"};
    return handler_(request);
  }

  const bool is_read_only_;
  const AdminHandler handler_;
  const Session::Answer answer_ = [this](const AdminRequest& request) { return answer(request); };
  const std::string socket_path_;
  bool is_ending_ = false;
  std::size_t connections_ = 0;
  asio::io_context io_{1};
  asio::basic_socket_acceptor<Protocol, Executor> acceptor_{io_};
  Timer pause_{io_};
  std::thread thread_;
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

std::uint16_t AdminServer::port() const { return impl_->port(); }

Result<std::unique_ptr<AdminServer>> AdminServer::serve(int fd, bool is_read_only,
                                                        AdminHandler handler,
                                                        std::string socket_path) {
  try {
    return std::unique_ptr<AdminServer>(new AdminServer(
        std::make_unique<Impl>(fd, is_read_only, std::move(handler), std::move(socket_path))));
  } catch (const std::exception& failure) {  // out of descriptors or threads
    ::close(fd);
    return Error{ErrorKind::try_later,
                 std::string("the admin server cannot start: ") + failure.what()};
  }
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
  return serve(fd, true, std::move(handler), {});
}

}  // namespace sluice
