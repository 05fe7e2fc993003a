#include "firmware-sim/upstream/http_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice::sim {
namespace {

constexpr std::size_t read_bytes = 65'536;
constexpr std::size_t pieces_of_a_slow_answer = 10;

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

std::string_view reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 405:
      return "Method Not Allowed";
    case 429:
      return "Too Many Requests";
    case 507:
      return "Insufficient Storage";
    case 503:
      return "Service Unavailable";
    default:
      return "As Told";
  }
}

std::string head_and_body(const HttpAnswer& answer, bool keeps_alive) {
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + ' ';
  text += reason(answer.status);
  if (answer.status != 204) text += "\r\nContent-Length: " + std::to_string(answer.body.size());
  if (!keeps_alive) text += "\r\nConnection: close";
  return text + "\r\n\r\n" + answer.body;
}

}  // namespace

struct HttpServer::Connection {
  explicit Connection(int descriptor) : socket(descriptor) {}

  // While an answer is due later, nothing more is read.
  bool is_waiting() const { return due != Clock::time_point(); }

  Socket socket;
  HttpRequestReader reader;
  std::string output;
  Clock::time_point due{};             // when `output` may go out; unset: now
  std::chrono::milliseconds pause{0};  // between two pieces of the output; 0: it goes at once
  std::size_t piece_bytes = 0;
  bool closes = false;  // once the output is out
};

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {}
HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(const Endpoint& endpoint) {
  endpoint_ = endpoint;
  return set_up(true);
}

Result<void> HttpServer::set_up(bool up) {
  if (!up) {
    listener_.close();
    connections_.clear();
    return {};
  }
  if (listener_.is_open()) return {};
  listener_ = TRY(open_listener(endpoint_));
  endpoint_.port = port_of(listener_);
  return {};
}

void HttpServer::serve(milliseconds timeout) {
  std::vector<pollfd> polled;
  const Clock::time_point now = Clock::now();
  for (const auto& connection : connections_) {
    short events = 0;
    if (connection->is_waiting()) {
      const auto left = duration_cast<milliseconds>(connection->due - now) + milliseconds(1);
      timeout = std::clamp(left, milliseconds(0), timeout);
    } else {
      events = connection->output.empty() ? POLLIN : POLLOUT;
    }
    polled.push_back({connection->socket.descriptor(), events, 0});
  }
  if (listener_.is_open()) polled.push_back({listener_.descriptor(), POLLIN, 0});
  if (::poll(polled.data(), polled.size(), static_cast<int>(timeout.count())) < 0) return;

  const std::size_t count = connections_.size();
  for (std::size_t i = 0; i < count && i < connections_.size(); ++i) {
    Connection& connection = *connections_[i];
    bool is_open = (polled[i].revents & (POLLERR | POLLNVAL)) == 0;
    if (is_open && connection.is_waiting()) {
      if ((polled[i].revents & POLLHUP) == 0 && Clock::now() < connection.due) continue;
      connection.due = {};
      is_open = write(connection);
    } else if (is_open && (polled[i].revents & POLLOUT) != 0) {
      is_open = write(connection);
    } else if (is_open && (polled[i].revents & (POLLIN | POLLHUP)) != 0) {
      is_open = read(connection);
    }
    if (!is_open) connection.socket.close();
  }
  std::erase_if(connections_, [](const auto& connection) { return !connection->socket.is_open(); });
  if (listener_.is_open() && polled.size() > count && (polled[count].revents & POLLIN) != 0) {
    accept_all();
  }
}

void HttpServer::accept_all() {
  while (true) {
    const int descriptor =
        ::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    connections_.push_back(std::make_unique<Connection>(descriptor));
  }
}

bool HttpServer::read(Connection& connection) {
  std::array<char, read_bytes> buffer;
  const ssize_t got = ::recv(connection.socket.descriptor(), buffer.data(), buffer.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  connection.reader.feed({buffer.data(), static_cast<std::size_t>(got)});
  return handle(connection);
}

bool HttpServer::handle(Connection& connection) {
  Result<std::optional<HttpRequest>> next = connection.reader.next();
  if (!next) {
    connection.output = head_and_body({400, next.error().message + '\n'}, false);
    connection.closes = true;
    return write(connection);
  }
  if (!next->has_value()) {
    if (!connection.reader.takes_continue()) return true;
    connection.output = "HTTP/1.1 100 Continue\r\n\r\n";
    return write(connection);
  }
  const HttpRequest& request = **next;
  const HttpAnswer answer = handler_(request);
  connection.output = head_and_body(answer, request.keeps_alive);
  connection.closes = !request.keeps_alive || answer.is_cut;
  if (answer.is_cut) connection.output.resize(connection.output.size() / 2);
  connection.pause = answer.slow / pieces_of_a_slow_answer;
  connection.piece_bytes = 1 + connection.output.size() / pieces_of_a_slow_answer;
  if (answer.delay.count() > 0) {
    connection.due = Clock::now() + answer.delay;
    return true;
  }
  return write(connection);
}

bool HttpServer::write(Connection& connection) {
  const bool is_slow = connection.pause.count() > 0;
  const std::size_t size = is_slow ? std::min(connection.piece_bytes, connection.output.size())
                                   : connection.output.size();
  const ssize_t sent =
      ::send(connection.socket.descriptor(), connection.output.data(), size, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  connection.output.erase(0, static_cast<std::size_t>(sent));
  if (!connection.output.empty()) {
    if (is_slow) connection.due = Clock::now() + connection.pause;
    return true;
  }
  if (connection.closes) return false;
  return handle(connection);  // a request may be here already
}

}  // namespace sluice::sim
