#include "firmware-sim/upstream/http_message.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::sim {
namespace {

const std::string plain_post =
    "POST /v1/events HTTP/1.1\r\nHost: h\r\nContent-Encoding:  zstd \r\nContent-Length: "
    "5\r\n\r\nhello";
const std::string chunked_post =
    "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n";

TEST(HttpRequestReader, Reads_requests_however_the_bytes_are_cut) {
  const std::string bytes =
      plain_post + chunked_post + "GET /stats HTTP/1.1\r\nConnection: close\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    HttpRequestReader reader;
    std::vector<HttpRequest> requests;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.feed(std::string_view(bytes).substr(at, piece));
      while (true) {
        auto next = reader.next();
        ASSERT_TRUE(next.is_ok()) << next.error().message;
        if (!next->has_value()) break;
        requests.push_back(**next);
      }
    }
    ASSERT_EQ(requests.size(), 3U) << "pieces of " << piece;
    EXPECT_EQ(requests[0].method, "POST");
    EXPECT_EQ(requests[0].target, "/v1/events");
    EXPECT_EQ(requests[0].header("content-encoding"), "zstd");
    EXPECT_EQ(requests[0].body, "hello");
    EXPECT_TRUE(requests[0].keeps_alive);
    EXPECT_EQ(requests[1].body, "abcde");
    EXPECT_EQ(requests[2].method, "GET");
    EXPECT_FALSE(requests[2].keeps_alive);
  }
}

TEST(HttpRequestReader, Says_once_that_a_client_waits_to_continue) {
  HttpRequestReader reader;
  reader.feed("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_FALSE(reader.next()->has_value());
  EXPECT_TRUE(reader.takes_continue());
  EXPECT_FALSE(reader.takes_continue());
  reader.feed("x");
  EXPECT_EQ((*reader.next())->body, "x");
}

TEST(HttpRequestReader, Refuses_what_is_not_http) {
  for (const char* wrong :
       {"hello\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"}) {
    HttpRequestReader reader;
    reader.feed(wrong);
    EXPECT_FALSE(reader.next().is_ok()) << wrong;
  }
  HttpRequestReader reader;
  reader.feed(std::string(100'000, 'a'));
  EXPECT_FALSE(reader.next().is_ok()) << "endless headers";
}

}  // namespace
}  // namespace sluice::sim
