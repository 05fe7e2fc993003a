#include "gateway/admin/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Failure = boost::system::error_code;

// What the person at the terminal should do about it.
std::string no_answer(const Failure& failure) {
  if (failure == beast::error::timeout)
    return "it runs, but has not answered in time: look into its log (journalctl -u sluice)";
  const bool is_of_system = failure.category() == boost::system::system_category();
  switch (is_of_system ? failure.value() : 0) {
    case ENOENT:
      return "there is no such socket. The gateway does not run (systemctl status sluice), or it "
             "uses another one ([admin] socket in its configuration): name that with --socket or "
             "--config";
    case ECONNREFUSED:
      return "the gateway that made this socket has ended. Why: journalctl -u sluice; to start it: "
             "systemctl start sluice";
    case EACCES:
    case EPERM:
      return "you may not use this socket: become a member of the group sluice, or use sudo";
    default:
      return failure.message() + ". Its log may say more: journalctl -u sluice";
  }
}

// A Unix socket with one deadline for all that is done with it.
class Connection {
 public:
  explicit Connection(std::chrono::seconds timeout)
      : deadline_(std::chrono::steady_clock::now() + timeout) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(fd_); }

  Failure connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    while (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      // EAGAIN: the queue of those who want to be accepted is full.
      if (errno != EAGAIN) return last_failure();
      if (std::chrono::steady_clock::now() > deadline_) return beast::error::timeout;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }

  Failure send(std::string_view bytes) {
    Failure failure;
    while (!bytes.empty() && !failure) {
      bytes.remove_prefix(retry(
          POLLOUT, failure, [&] { return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }));
    }
    return failure;
  }
  // 0: the peer has closed.
  std::size_t receive(asio::mutable_buffer room, Failure& failure) {
    return retry(POLLIN, failure, [&] { return ::recv(fd_, room.data(), room.size(), 0); });
  }

 private:
  static Failure last_failure() { return {errno, boost::system::system_category()}; }

  template <typename Call>
  std::size_t retry(short event, Failure& failure, const Call& call) {
    failure = {};
    for (;;) {
      const ssize_t count = call();
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno == EINTR) continue;
      if (errno != EAGAIN) break;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          deadline_ - std::chrono::steady_clock::now());
      pollfd ready{fd_, event, 0};
      if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) {
        failure = beast::error::timeout;
        return 0;
      }
    }
    failure = last_failure();
    return 0;
  }

  const std::chrono::steady_clock::time_point deadline_;
  const int fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
};

std::string text_of(const AdminRequest& request) {
  http::request<http::string_body> message(
      request.method == "POST" ? http::verb::post : http::verb::get, request.path, 11,
      request.body);
  message.set(http::field::host, "localhost");
  message.keep_alive(false);
  message.prepare_payload();
  std::ostringstream text;
  text << message;
  return std::move(text).str();
}

using Answer = http::response_parser<http::string_body>;

Failure receive(Connection& connection, Answer& answer) {
  constexpr std::size_t read_bytes = 64 * 1024;
  answer.body_limit(boost::none);
  answer.eager(true);
  Failure failure;
  beast::flat_buffer buffer;
  while (!failure && !answer.is_done()) {
    const std::size_t count = connection.receive(buffer.prepare(read_bytes), failure);
    if (failure) break;
    buffer.commit(count);
    if (count == 0) {
      answer.put_eof(failure);
      break;
    }
    buffer.consume(answer.put(buffer.data(), failure));
    if (failure == http::error::need_more) failure = {};
  }
  return failure;
}

}  // namespace

Result<AdminResponse> ask_gateway(const std::string& socket_path, const AdminRequest& request,
                                  std::chrono::seconds timeout) {
  const auto failed = [&](const std::string& why) {
    return Error{ErrorKind::try_later, "no gateway answers on " + socket_path + ": " + why};
  };
  if (socket_path.size() > AdminServer::max_socket_path) {
    return failed("the path is longer than " + std::to_string(AdminServer::max_socket_path) +
                  " bytes");
  }
  Connection connection(timeout);
  Failure failure = connection.connect(socket_path);
  if (!failure) failure = connection.send(text_of(request));
  // A server that has heard enough answers and closes before all is written.
  const bool has_heard_enough = failure == boost::system::errc::broken_pipe ||
                                failure == boost::system::errc::connection_reset;
  Answer answer;
  if (!failure || has_heard_enough) failure = receive(connection, answer);
  if (failure) return failed(no_answer(failure));
  auto& message = answer.get();
  return AdminResponse{static_cast<int>(message.result_int()),
                       std::string(message[http::field::content_type]), std::move(message.body())};
}

}  // namespace sluice
