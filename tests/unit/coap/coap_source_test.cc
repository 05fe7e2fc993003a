#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/coap/coap_fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr std::uint8_t changed = 2 << 5 | 4;
constexpr std::uint8_t content = 2 << 5 | 5;
constexpr std::uint8_t proceed = 2 << 5 | 31;
constexpr std::uint8_t unavailable = 5 << 5 | 3;
constexpr std::uint8_t empty = 0;

constexpr std::uint8_t client_error(unsigned detail) {
  return static_cast<std::uint8_t>(4 << 5 | detail);
}

TEST_F(CoapSourceTest, A_request_becomes_a_message_with_all_that_proves_a_repeat) {
  CoapDevice device(start());
  Packet packet = request("telemetry/dev 1", R"({"t":1})", 77, "tok");
  packet.options.emplace(content_format, number_bytes(50));
  packet.options.emplace(uri_query, "unit=K");
  packet.options.emplace(uri_query, "raw");
  device.send(packet);
  const auto taken = engine_.wait_for(1);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].receipt, Receipt{1});
  EXPECT_EQ(taken[0].topic, "telemetry/dev 1");
  EXPECT_EQ(taken[0].payload, R"({"t":1})");
  EXPECT_EQ(taken[0].content_type, "application/json");
  EXPECT_EQ(taken[0].sender, device.address());
  EXPECT_EQ(taken[0].sender_key, "tok");
  EXPECT_EQ(taken[0].number, 77);
  EXPECT_EQ(taken[0].headers, "unit=K;raw=;");
  EXPECT_EQ(taken[0].repeat, Repeat::proven);
}

TEST_F(CoapSourceTest, Each_content_format_gives_its_media_type) {
  CoapDevice device(start());
  const std::map<unsigned, std::string> types = {
      {0, "text/plain;charset=utf-8"}, {42, "application/octet-stream"},
      {50, "application/json"},        {60, "application/cbor"},
      {110, "application/senml+json"}, {112, "application/senml+cbor"}};
  std::uint16_t id = 0;
  for (const auto& [number, type] : types) {
    Packet packet = request("a", "x", ++id);
    packet.options.emplace(content_format, number_bytes(number));
    device.send(packet);
    EXPECT_EQ(engine_.wait_for(id).at(id - 1U).content_type, type);
  }
}

TEST_F(CoapSourceTest, A_confirmable_request_is_acknowledged_only_once_it_is_settled) {
  CoapDevice device(start());
  device.send(request("a", "1", 10, "first"));
  const auto taken = engine_.wait_for(1);
  // Whatever had been sent for the first request would come before the answer to the second.
  Packet second = request("a", "", 11, "second");
  second.code = get;
  EXPECT_EQ(device.exchange(second).token, "second");
  settle(taken[0]);
  const Packet answer = device.receive();
  EXPECT_EQ(answer.type, ack);
  EXPECT_EQ(answer.code, changed);
  EXPECT_EQ(answer.message_id, 10);
  EXPECT_EQ(answer.token, "first");
}

TEST_F(CoapSourceTest, One_settlement_answers_all_requests_up_to_it) {
  CoapDevice device(start());
  for (std::uint16_t id = 1; id <= 5; ++id) device.send(request("a", std::to_string(id), id));
  const auto taken = engine_.wait_for(5);
  settle(taken[3]);
  for (std::uint16_t id = 1; id <= 4; ++id) EXPECT_EQ(device.receive().message_id, id);
  settle(taken[4]);
  EXPECT_EQ(device.receive().message_id, 5);
}

TEST_F(CoapSourceTest, A_non_confirmable_request_is_answered_non_confirmable) {
  CoapDevice device(start());
  Packet packet = request("a", "1", 10);
  packet.type = non;
  packet.code = put;
  device.send(packet);
  settle(engine_.wait_for(1)[0]);
  const Packet answer = device.receive();
  EXPECT_EQ(answer.type, non);
  EXPECT_EQ(answer.code, changed);
  EXPECT_EQ(answer.token, "tk");
}

TEST_F(CoapSourceTest, A_refused_settlement_is_5_03_and_the_same_request_is_taken_anew) {
  CoapDevice device(start());
  device.send(request("a", "1", 10));
  settle(engine_.wait_for(1)[0], Outcome::refused);
  const Packet answer = device.receive();
  EXPECT_EQ(answer.type, ack);
  EXPECT_EQ(answer.code, unavailable);
  EXPECT_EQ(answer.number(max_age), 5U);
  EXPECT_EQ(refused("backpressure"), 1U);
  device.send(request("a", "1", 10));
  settle(engine_.wait_for(2)[1]);
  EXPECT_EQ(device.receive().code, changed);
}

TEST_F(CoapSourceTest, A_retransmission_while_the_commit_is_pending_is_ignored) {
  CoapDevice device(start());
  device.send(request("a", "1", 10));
  const auto taken = engine_.wait_for(1);
  device.send(request("a", "1", 10));
  Packet other = request("a", "", 11, "other");
  other.code = get;
  EXPECT_EQ(device.exchange(other).token, "other");
  EXPECT_EQ(engine_.count(), 1U);
  EXPECT_EQ(metrics_.sum("sluice_coap_repeats_total"), 1U);
  settle(taken[0]);
  EXPECT_EQ(device.receive().message_id, 10);
}

TEST_F(CoapSourceTest, A_retransmission_of_an_answered_request_gets_the_same_answer_again) {
  CoapDevice device(start());
  device.send(request("a", "1", 10));
  settle(engine_.wait_for(1)[0]);
  const Packet first = device.receive();
  const Packet again = device.exchange(request("a", "1", 10));
  EXPECT_EQ(write_packet(again), write_packet(first));
  EXPECT_EQ(engine_.count(), 1U);
}

TEST_F(CoapSourceTest, A_restarted_device_that_reuses_a_message_id_is_heard) {
  CoapDevice device(start());
  device.send(request("a", "before", 10));
  settle(engine_.wait_for(1)[0]);
  device.receive();
  device.send(request("a", "after", 10));
  EXPECT_EQ(engine_.wait_for(2)[1].payload, "after");
}

TEST_F(CoapSourceTest, A_slow_commit_is_an_empty_acknowledgement_and_then_a_separate_answer) {
  config_.empty_ack_after = std::chrono::milliseconds(20);
  CoapDevice device(start());
  const Packet packet = request("a", "1", 10, "late");
  const Packet first = device.exchange(packet);
  EXPECT_EQ(first.type, ack);
  EXPECT_EQ(first.code, empty);
  EXPECT_EQ(first.message_id, 10);
  EXPECT_EQ(first.token, "");
  // The client may not have heard it.
  const Packet repeated = device.exchange(packet);
  EXPECT_EQ(repeated.type, ack);
  EXPECT_EQ(repeated.code, empty);
  EXPECT_EQ(repeated.message_id, 10);

  settle(engine_.wait_for(1)[0]);
  const Packet answer = device.receive();
  EXPECT_EQ(answer.type, con);
  EXPECT_EQ(answer.code, changed);
  EXPECT_EQ(answer.token, "late");
  Packet acknowledgement;
  acknowledgement.type = ack;
  acknowledgement.code = empty;
  acknowledgement.message_id = answer.message_id;
  device.send(acknowledgement);
  EXPECT_EQ(metrics_.sum("sluice_coap_separate_answers_total"), 1U);
}

TEST_F(CoapSourceTest, A_slow_commit_for_one_client_does_not_hold_up_another) {
  const std::uint16_t port = start();
  CoapDevice slow(port);
  CoapDevice quick(port);
  slow.send(request("a", "1", 1));
  engine_.wait_for(1);
  Packet wrong = request("a", "", 2);
  wrong.code = get;
  EXPECT_EQ(quick.exchange(wrong).code, client_error(5));
}

TEST_F(CoapSourceTest, Blocks_are_put_together_and_answered_one_by_one) {
  CoapDevice device(start());
  const std::string body = R"({"text":")" + std::string(100, 'x') + R"("})";
  constexpr std::size_t block_bytes = 64;
  for (std::uint16_t number = 0; number * block_bytes < body.size(); ++number) {
    const bool has_more = (number + 1U) * block_bytes < body.size();
    const unsigned option = unsigned{number} << 4 | (has_more ? 8U : 0U) | 2U;
    Packet packet = request("a", body.substr(number * block_bytes, block_bytes),
                            static_cast<std::uint16_t>(100 + number));
    packet.options.emplace(content_format, number_bytes(50));
    packet.options.emplace(block1, number_bytes(option));
    device.send(packet);
    if (!has_more) {
      const auto taken = engine_.wait_for(1);
      EXPECT_EQ(taken[0].payload, body);
      settle(taken[0]);
    }
    const Packet answer = device.receive();
    EXPECT_EQ(answer.code, has_more ? proceed : changed);
    EXPECT_EQ(answer.number(block1), option);
  }
}

TEST_F(CoapSourceTest, A_block_out_of_order_is_4_08) {
  CoapDevice device(start());
  Packet packet = request("a", std::string(16, 'x'), 1);
  packet.options.emplace(block1, number_bytes(3 << 4 | 8));
  EXPECT_EQ(device.exchange(packet).code, client_error(8));
  EXPECT_EQ(refused("block"), 1U);
}

TEST_F(CoapSourceTest, What_the_source_can_see_is_refused_with_a_reason_a_person_can_read) {
  config_.resources = {"telemetry/+"};
  config_.max_body_bytes = 200;
  CoapDevice device(start());
  const auto refusal = [&](Packet packet, std::uint8_t code, const char* why) {
    const Packet answer = device.exchange(packet);
    EXPECT_EQ(answer.type, ack);
    EXPECT_EQ(answer.code, code) << why;
    EXPECT_THAT(answer.payload, HasSubstr(why));
    return answer;
  };
  const auto with = [](Packet packet, std::uint16_t option, std::string value) {
    packet.options.emplace(option, std::move(value));
    return packet;
  };
  refusal(request("other", "1", 1), client_error(4), "no source takes this path");
  Packet read = request("telemetry/a", "", 2);
  read.code = get;
  refusal(read, client_error(5), "POST or PUT");
  const Packet good = request("telemetry/a", "1", 3);
  refusal(with(good, content_format, number_bytes(41)), client_error(15), "content format");
  refusal(with(good, if_match, "x"), client_error(2), "conditional");
  refusal(with(good, if_none_match, ""), client_error(2), "conditional");
  refusal(with(good, block1, number_bytes(7)), client_error(0), "block size");
  const Packet large = refusal(with(good, size1, number_bytes(201)), client_error(13), "larger");
  EXPECT_EQ(large.number(size1), 200U);
  refusal(request("telemetry/a", std::string(201, 'x'), 4), client_error(13), "larger");
  refusal(with(request("telemetry", "1", 5), uri_path, "a/b"), client_error(4), "path");
  EXPECT_EQ(engine_.count(), 0U);
  EXPECT_EQ(refused("resource"), 2U);
  EXPECT_EQ(refused("method"), 1U);
  EXPECT_EQ(refused("content_format"), 1U);
  EXPECT_EQ(refused("options"), 3U);
  EXPECT_EQ(refused("size"), 2U);
}

TEST_F(CoapSourceTest, An_unknown_critical_option_is_4_02) {
  CoapDevice device(start());
  Packet packet = request("a", "1", 1);
  packet.options.emplace(std::uint16_t{2049}, "x");
  EXPECT_EQ(device.exchange(packet).code, client_error(2));
  EXPECT_EQ(engine_.count(), 0U);
}

TEST_F(CoapSourceTest, Without_room_it_is_5_03_with_max_age_and_later_taken) {
  config_.retry_after = std::chrono::seconds(30);
  CoapDevice device(start());
  engine_.set_has_room(false);
  const Packet answer = device.exchange(request("a", "1", 1));
  EXPECT_EQ(answer.code, unavailable);
  EXPECT_EQ(answer.number(max_age), 30U);
  EXPECT_EQ(refused("backpressure"), 1U);
  engine_.set_has_room(true);
  device.send(request("a", "1", 1));
  EXPECT_EQ(engine_.wait_for(1).size(), 1U);
}

TEST_F(CoapSourceTest, Paused_it_takes_nothing_but_answers_and_settles) {
  CoapDevice device(start());
  device.send(request("a", "1", 1));
  const auto taken = engine_.wait_for(1);
  source_->pause();
  EXPECT_EQ(device.exchange(request("a", "2", 2)).code, unavailable);
  settle(taken[0]);
  EXPECT_EQ(device.receive().code, changed);
  source_->resume();
  device.send(request("a", "3", 3));
  EXPECT_EQ(engine_.wait_for(2)[1].payload, "3");
  source_->stop_intake();
  EXPECT_EQ(device.exchange(request("a", "4", 4)).code, unavailable);
}

TEST_F(CoapSourceTest, A_peer_with_too_many_requests_in_flight_is_told_to_wait) {
  config_.max_exchanges_per_peer = 2;
  CoapDevice device(start());
  device.send(request("a", "1", 1));
  device.send(request("a", "2", 2));
  const auto taken = engine_.wait_for(2);
  EXPECT_EQ(device.exchange(request("a", "3", 3)).code, unavailable);
  settle(taken[1]);
  device.receive();
  device.receive();
  device.send(request("a", "3", 3));
  EXPECT_EQ(engine_.wait_for(3)[2].payload, "3");
}

TEST_F(CoapSourceTest, A_forgotten_answer_is_counted) {
  config_.max_exchanges = 1;
  CoapDevice device(start());
  for (std::uint16_t id = 1; id <= 3; ++id) {
    device.send(request("a", "x", id));
    settle(engine_.wait_for(id).back());
    EXPECT_EQ(device.receive().code, changed);
  }
  // Counted on the turn that took the request: one more exchange of any kind is behind it.
  Packet read = request("a", "", 4);
  read.code = get;
  device.exchange(read);
  EXPECT_EQ(metrics_.sum("sluice_coap_exchanges_overflowed_total"), 2U);
}

TEST_F(CoapSourceTest, Well_known_core_is_small_and_names_the_resources) {
  config_.resources = {"telemetry/+", "plant/#", "plant/x/#", "exact"};
  CoapDevice device(start());
  Packet packet = request(".well-known/core", "", 1);
  packet.code = get;
  const Packet answer = device.exchange(packet);
  EXPECT_EQ(answer.code, content);
  EXPECT_EQ(answer.number(content_format), 40U);
  EXPECT_THAT(answer.payload, HasSubstr("</telemetry>;"));
  EXPECT_THAT(answer.payload, HasSubstr("</plant>;"));
  EXPECT_THAT(answer.payload, HasSubstr("ct=\"0 42 50 60 110 112\""));
  EXPECT_LE(answer.payload.size(), 256U);
}

TEST_F(CoapSourceTest, Rubbish_does_no_harm) {
  CoapDevice device(start());
  for (const auto* bytes : {"", "\x40", "\xFF\xFF\xFF\xFF", "\x4F\x02\x00\x01"}) {
    device.send_bytes(bytes);
  }
  device.send_bytes(std::string(1400, '\x42'));
  device.send(request("a", "1", 9));
  settle(engine_.wait_for(1)[0]);
  while (device.receive().message_id != 9) {
  }
}

TEST_F(CoapSourceTest, A_settlement_for_a_client_that_has_gone_is_tolerated) {
  const std::uint16_t port = start();
  {
    CoapDevice gone(port);
    gone.send(request("a", "1", 1));
    engine_.wait_for(1);
  }
  settle(engine_.wait_for(1)[0]);
  CoapDevice device(port);
  device.send(request("a", "2", 2));
  settle(engine_.wait_for(2)[1]);
  EXPECT_EQ(device.receive().code, changed);
}

TEST_F(CoapSourceTest, A_taken_port_is_shown_and_does_not_stop_the_start) {
  const std::uint16_t port = start();
  CoapSourceConfig second = config_;
  second.listen = {"coap://127.0.0.1:" + std::to_string(port)};
  CoapSource source(second, {"second", engine_, clock_, metrics_});
  ASSERT_TRUE(source.start({}));
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (source.status().last_error.empty() && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(source.status().is_running);
  EXPECT_THAT(source.status().last_error, HasSubstr("127.0.0.1:" + std::to_string(port)));
}

TEST_F(CoapSourceTest, The_receive_buffer_is_set_on_libcoaps_own_socket) {
  config_.receive_buffer_bytes = 50'000;
  const std::uint16_t port = start();
  int buffer_bytes = 0;
  constexpr int fds_to_look_at = 1024;
  for (int fd = 0; fd < fds_to_look_at; ++fd) {
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) continue;
    if (bound.sin_family != AF_INET || ntohs(bound.sin_port) != port) continue;
    socklen_t int_bytes = sizeof buffer_bytes;
    EXPECT_EQ(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, &int_bytes), 0);
  }
  EXPECT_EQ(buffer_bytes, 100'000);  // Linux doubles it for its own records
}

TEST_F(CoapSourceTest, What_can_never_work_is_refused_at_the_start) {
  config_.resources = {"a/#/b"};
  CoapSource source(config_, {"meters", engine_, clock_, metrics_});
  const auto started = source.start({});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::bad_config);
}

TEST_F(CoapSourceTest, It_stops_with_requests_unanswered) {
  CoapDevice device(start());
  device.send(request("a", "1", 1));
  engine_.wait_for(1);
  source_.reset();
  EXPECT_EQ(engine_.count(), 1U);
}

TEST_F(CoapSourceTest, A_refusal_is_logged_with_who_what_and_the_remedy_once_for_each_reason) {
  config_.resources = {"telemetry/#"};
  CoapDevice device(start());
  testing::internal::CaptureStderr();
  for (std::uint16_t id = 1; id <= 20; ++id) device.exchange(request("elsewhere/7", "1", id));
  Packet reading = request("telemetry/7", "", 50);
  reading.code = get;
  device.exchange(reading);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(refused("resource"), 20U);
  EXPECT_EQ(std::ranges::count(log, '\n'), 2) << log;
  EXPECT_THAT(log, HasSubstr("source=meters peer=" + device.address() +
                             " path=elsewhere/7 answer=4.04 reason=\"no source takes this path\" "
                             "remedy=\"add the path to 'resources'"));
  EXPECT_THAT(log, HasSubstr("path=telemetry/7 answer=4.05"));
}

TEST_F(CoapSourceTest, A_refused_path_that_could_command_a_terminal_is_not_logged) {
  config_.resources = {"telemetry/#"};
  CoapDevice device(start());
  testing::internal::CaptureStderr();
  device.exchange(request("a\x1b[2Jb", "1", 1));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("path=\"(not plain text)\""));
  EXPECT_EQ(log.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace sluice
