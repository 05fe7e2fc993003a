#include "gateway/admin/client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Protocol = asio::local::stream_protocol;
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

// One request: connects, writes, reads, each step begun by the end of the one before.
class Exchange {
 public:
  explicit Exchange(const AdminRequest& request)
      : request_(request.method == "POST" ? http::verb::post : http::verb::get, request.path, 11,
                 request.body) {
    request_.set(http::field::host, "localhost");
    request_.keep_alive(false);
    request_.prepare_payload();
    answer_.body_limit(boost::none);
  }

  Failure run(const std::string& socket_path, std::chrono::seconds timeout) {
    stream_.expires_after(timeout);
    stream_.async_connect(Protocol::endpoint(socket_path), [this](const Failure& failure) {
      if (!has_failed(failure)) write();
    });
    io_.run();
    return failure_;
  }

  AdminResponse answer() {
    auto& message = answer_.get();
    return {static_cast<int>(message.result_int()), std::string(message[http::field::content_type]),
            std::move(message.body())};
  }

 private:
  void write() {
    http::async_write(stream_, request_, [this](const Failure& failure, std::size_t) {
      // A server that has heard enough answers and closes before all is written.
      const bool is_closed = failure == boost::system::errc::broken_pipe ||
                             failure == boost::system::errc::connection_reset;
      if (is_closed || !has_failed(failure)) read();
    });
  }
  void read() {
    http::async_read(stream_, buffer_, answer_,
                     [this](const Failure& failure, std::size_t) { has_failed(failure); });
  }
  bool has_failed(const Failure& failure) {
    failure_ = failure;
    return failure.failed();
  }

  asio::io_context io_{1};
  beast::basic_stream<Protocol> stream_{io_};
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> answer_;
  Failure failure_;
};

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
  Exchange exchange(request);
  if (const Failure failure = exchange.run(socket_path, timeout)) return failed(no_answer(failure));
  return exchange.answer();
}

}  // namespace sluice
