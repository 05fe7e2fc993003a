#include "firmware-sim/upstream/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

namespace sluice::sim {
namespace {

using std::chrono::milliseconds;

Socket connect_to(const Endpoint& endpoint) {
  Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected =
      ::connect(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
  return connected == 0 ? std::move(socket) : Socket();
}

// The server and its client on one thread: the server is served until the client has what it needs.
class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.listen({"127.0.0.1", 0}).is_ok()); }

  // Sends a request and serves until `wanted` bytes have come or the connection is closed.
  std::string exchange(const Socket& client, std::string_view request, std::size_t wanted) {
    EXPECT_EQ(::send(client.descriptor(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::string got;
    for (int turn = 0; turn < 500 && got.size() < wanted; ++turn) {
      server_.serve(milliseconds(10));
      std::array<char, 4096> buffer;
      const ssize_t size = ::recv(client.descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size == 0) return got + "<closed>";
      if (size > 0) got.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return got;
  }

  HttpAnswer answer_;
  HttpServer server_{[this](const HttpRequest&) { return answer_; }};
};

const std::string no_content = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr std::string_view small_post = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";

TEST_F(HttpServerTest, Answers_requests_on_one_connection) {
  const Socket client = connect_to(server_.endpoint());
  ASSERT_TRUE(client.is_open());
  EXPECT_EQ(exchange(client, small_post, no_content.size()), no_content);
  answer_ = {503, "no\n"};
  const std::string refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 3\r\n\r\nno\n";
  EXPECT_EQ(exchange(client, small_post, refusal.size()), refusal);
}

TEST_F(HttpServerTest, A_delayed_answer_comes_later_and_does_not_block_others) {
  const Socket slow = connect_to(server_.endpoint());
  answer_.delay = milliseconds(200);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(exchange(slow, small_post, 0), "");
  for (int turn = 0; turn < 5; ++turn) server_.serve(milliseconds(1));
  answer_.delay = milliseconds(0);
  const Socket quick = connect_to(server_.endpoint());
  EXPECT_EQ(exchange(quick, small_post, no_content.size()), no_content);
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(200));
  EXPECT_EQ(exchange(slow, "", no_content.size()), no_content);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(200));
}

TEST_F(HttpServerTest, A_cut_answer_ends_in_the_middle) {
  answer_.is_cut = true;
  const Socket client = connect_to(server_.endpoint());
  const std::string got = exchange(client, small_post, 1000);
  EXPECT_EQ(got, no_content.substr(0, no_content.size() / 2) + "<closed>");
}

TEST_F(HttpServerTest, Down_nobody_listens_and_up_again_it_is_the_same_port) {
  const Socket before = connect_to(server_.endpoint());
  EXPECT_EQ(exchange(before, small_post, no_content.size()), no_content);
  ASSERT_TRUE(server_.set_up(false).is_ok());
  EXPECT_FALSE(connect_to(server_.endpoint()).is_open());
  std::array<char, 10> buffer;
  EXPECT_LE(::recv(before.descriptor(), buffer.data(), buffer.size(), 0), 0) << "cut off, too";
  ASSERT_TRUE(server_.set_up(true).is_ok());
  const Socket after = connect_to(server_.endpoint());
  ASSERT_TRUE(after.is_open());
  EXPECT_EQ(exchange(after, small_post, no_content.size()), no_content);
}

TEST_F(HttpServerTest, What_is_not_http_gets_400_and_is_closed) {
  const Socket client = connect_to(server_.endpoint());
  const std::string got = exchange(client, "hello\r\n\r\n", 1000);
  EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << got;
  EXPECT_TRUE(got.ends_with("<closed>")) << got;
}

TEST(FreePorts, Are_different_and_can_be_listened_on) {
  const auto ports = find_free_ports(5);
  ASSERT_TRUE(ports.is_ok());
  std::vector<Socket> sockets;
  for (const std::uint16_t port : *ports) {
    auto socket = open_listener({"127.0.0.1", port});
    ASSERT_TRUE(socket.is_ok()) << port;
    sockets.push_back(std::move(socket).value());
  }
  EXPECT_EQ(sockets.size(), 5U);
}

TEST_F(HttpServerTest, A_slow_answer_comes_in_pieces_and_whole) {
  const Socket client = connect_to(server_.endpoint());
  answer_.slow = milliseconds(100);
  const auto start = std::chrono::steady_clock::now();
  const std::string first = exchange(client, small_post, 1);
  EXPECT_LT(first.size(), no_content.size());
  EXPECT_EQ(first + exchange(client, "", no_content.size() - first.size()), no_content);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(80));
  answer_.slow = milliseconds(0);
  EXPECT_EQ(exchange(client, small_post, no_content.size()), no_content) << "the next at once";
}

}  // namespace
}  // namespace sluice::sim
