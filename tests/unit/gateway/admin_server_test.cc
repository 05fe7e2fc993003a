#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "gateway/admin/client.h"
#include "gateway/admin/http_server.h"
#include "gateway/admin/url_path.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

AdminResponse echo(const AdminRequest& request) {
  return {200, "text/plain", request.method + " " + request.path + " " + request.body};
}

class AdminServerTest : public testing::Test {
 protected:
  AdminServerTest() {
    std::string folder = testing::TempDir() + "sluice-admin-XXXXXX";
    CHECK(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    path_ = folder + "/admin.sock";
  }
  ~AdminServerTest() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  void serve(AdminHandler handler = echo) {
    auto server = AdminServer::open_unix(path_, std::move(handler));
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  Result<AdminResponse> ask(const AdminRequest& request) { return ask_gateway(path_, request, 5s); }

  std::filesystem::path folder_;
  std::string path_;
  std::unique_ptr<AdminServer> server_;
};

int connect_to(const sockaddr* address, socklen_t size) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(fd, address, size), 0);
  return fd;
}
int connect_to(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}
int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

void send_text(int fd, std::string_view text) {
  ASSERT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}
// Until the server closes.
std::string receive_all(int fd) {
  std::string all;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
    all.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return all;
}

TEST_F(AdminServerTest, A_request_reaches_the_handler_and_its_answer_comes_back) {
  serve();
  EXPECT_EQ(ask({"GET", "/status", {}})->body, "GET /status ");
  EXPECT_EQ(ask({"POST", "/reload", "now"})->body, "POST /reload now");
  EXPECT_EQ(ask({"GET", "/v1/views/last/" + percent_encoded("a/b c%") + "?x=1", {}})->body,
            "GET /v1/views/last/a/b c% ");
}

TEST_F(AdminServerTest, Status_type_and_a_large_answer_are_passed_on) {
  constexpr std::size_t large = 4'000'000;
  serve([](const AdminRequest&) {
    return AdminResponse{503, "text/csv", std::string(large, 'x')};
  });
  const auto answer = ask({"GET", "/", {}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->content_type, "text/csv");
  EXPECT_EQ(answer->body.size(), large);
}

TEST_F(AdminServerTest, A_body_beyond_its_bound_is_refused_and_a_smaller_one_is_not) {
  serve([](const AdminRequest& request) {
    return AdminResponse{200, "text/plain", std::to_string(request.body.size())};
  });
  EXPECT_EQ(ask({"POST", "/", std::string(1024 * 1024, 'x')})->body, "1048576");
  EXPECT_EQ(ask({"POST", "/", std::string(1024 * 1024 + 1, 'x')})->status, 413);
}

TEST_F(AdminServerTest, More_peers_than_it_serves_at_a_time_wait_for_their_turn) {
  serve();
  std::vector<int> silent;
  for (int i = 0; i < 32; ++i) silent.push_back(connect_to(path_));
  EXPECT_THAT(ask_gateway(path_, {"GET", "/late", {}}, 1s).error().message,
              HasSubstr("has not answered in time"));
  ::close(silent.back());
  silent.pop_back();
  EXPECT_EQ(ask({"GET", "/late", {}})->body, "GET /late ");
  for (const int fd : silent) ::close(fd);
}

TEST_F(AdminServerTest, A_connection_is_used_again_until_the_peer_says_otherwise) {
  serve();
  const int fd = connect_to(path_);
  send_text(
      fd,
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answers = receive_all(fd);
  EXPECT_THAT(answers, HasSubstr("GET /1 "));
  EXPECT_THAT(answers, HasSubstr("GET /2 "));
}

TEST_F(AdminServerTest, What_is_no_HTTP_is_told_so) {
  serve();
  const int fd = connect_to(path_);
  send_text(fd, "\x16\x03\x01 hello\r\n\r\n");
  EXPECT_THAT(receive_all(fd), StartsWith("HTTP/1.1 400"));
}

TEST_F(AdminServerTest, Over_TCP_only_reads_are_answered) {
  auto server = AdminServer::open_tcp("127.0.0.1:0", echo);
  ASSERT_TRUE(server) << server.error().message;
  const auto answer_to = [&](std::string_view method) {
    const int fd = connect_to((*server)->port());
    send_text(fd, std::string(method) + " /status HTTP/1.0\r\n\r\n");
    return receive_all(fd);
  };
  EXPECT_THAT(answer_to("GET"), HasSubstr("GET /status"));
  EXPECT_THAT(answer_to("POST"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(answer_to("DELETE"), StartsWith("HTTP/1.1 405"));
  EXPECT_FALSE(AdminServer::open_tcp("127.0.0.1:" + std::to_string((*server)->port()), echo));
  EXPECT_THAT(AdminServer::open_tcp("localhost", echo).error().message, HasSubstr("HOST:PORT"));
}

TEST_F(AdminServerTest, A_socket_of_the_living_is_kept_and_one_of_the_dead_replaced) {
  serve();
  EXPECT_THAT(AdminServer::open_unix(path_, echo).error().message,
              HasSubstr("another process answers"));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));

  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  EXPECT_THAT(ask({"GET", "/", {}}).error().message, HasSubstr("has ended"));
  serve();
  EXPECT_TRUE(ask({"GET", "/", {}}));
}

TEST_F(AdminServerTest, A_tool_is_told_why_nobody_answers) {
  EXPECT_THAT(ask({"GET", "/", {}}).error().message, HasSubstr("there is no such socket"));
  EXPECT_THAT(ask_gateway(std::string(108, 'x'), {"GET", "/", {}}, 5s).error().message,
              HasSubstr("longer than 107 bytes"));
  serve([](const AdminRequest&) {
    std::this_thread::sleep_for(1500ms);
    return AdminResponse{};
  });
  EXPECT_THAT(ask_gateway(path_, {"GET", "/", {}}, 1s).error().message,
              HasSubstr("has not answered in time"));
}

TEST(UrlPath, Any_byte_comes_back) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_encoded("a-b_c.d~/ä"), "a-b_c.d~%2F%C3%A4");
  EXPECT_EQ(percent_decoded("100%/%4/%zz/%-1/%41"), "100%/%4/%zz/%-1/A");
}

}  // namespace
}  // namespace sluice
