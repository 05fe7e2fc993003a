// HttpServer: a single-threaded HTTP/1.1 server for the test upstream.
//
//   bytes -> HttpRequestReader -> handler -> HttpAnswer -> (delay) -> bytes, or a cut
//
// It can be taken down and up again on the same port: then nobody answers, as when a cable is out.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "firmware-sim/common/endpoint.h"
#include "firmware-sim/upstream/http_message.h"
#include "firmware-sim/upstream/socket.h"

namespace sluice::sim {

class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();

  // Starts to listen; port 0 becomes a free one.   try_later  the port is taken
  Result<void> listen(const Endpoint& endpoint);
  const Endpoint& endpoint() const { return endpoint_; }

  // Closes the listening socket and all connections, or listens again. Repeats change nothing.
  //   try_later  the port was taken meanwhile
  Result<void> set_up(bool up);

  // Serves for up to `timeout`, less when there is something to do.
  void serve(std::chrono::milliseconds timeout);

 private:
  struct Connection;

  void accept_all();
  // False: the connection is over.
  bool read(Connection& connection);
  bool handle(Connection& connection);
  bool write(Connection& connection);

  Handler handler_;
  Endpoint endpoint_;
  Socket listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace sluice::sim
