#include "drivers/coap/exchanges.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice {
namespace {

using std::chrono::seconds;

constexpr Answer stored_answer{0x44, {}, false};

TEST(Exchanges, A_request_is_known_by_peer_message_id_and_content) {
  Exchanges exchanges({10, 10});
  EXPECT_EQ(exchanges.find("a", 1, 7), nullptr);
  Exchange* exchange = exchanges.add("a", 1, 7, seconds(0));
  EXPECT_EQ(exchanges.find("a", 1, 7), exchange);
  EXPECT_EQ(exchanges.find("b", 1, 7), nullptr);
  EXPECT_EQ(exchanges.find("a", 2, 7), nullptr);
  EXPECT_EQ(exchanges.find("a", 1, 8), nullptr);
}

TEST(Exchanges, A_message_id_used_again_for_something_else_is_a_new_exchange) {
  Exchanges exchanges({10, 10});
  exchanges.add("a", 1, 7, seconds(0))->answer = stored_answer;
  Exchange* second = exchanges.add("a", 1, 8, seconds(1));
  EXPECT_EQ(exchanges.find("a", 1, 8), second);
  EXPECT_NE(exchanges.find("a", 1, 7), second);
}

TEST(Exchanges, An_answered_one_is_forgotten_after_its_lifetime) {
  Exchanges exchanges({10, 10});
  exchanges.add("a", 1, 7, seconds(0))->answer = stored_answer;
  exchanges.expire(seconds(246));
  EXPECT_NE(exchanges.find("a", 1, 7), nullptr);
  exchanges.expire(seconds(247));
  EXPECT_EQ(exchanges.find("a", 1, 7), nullptr);
  EXPECT_EQ(exchanges.size(), 0U);
  EXPECT_EQ(exchanges.peers(), 0U);
  EXPECT_EQ(exchanges.overflowed(), 0U);
}

TEST(Exchanges, A_waiting_one_is_never_forgotten) {
  Exchanges exchanges({2, 2});
  Exchange* first = exchanges.add("a", 1, 7, seconds(0));
  exchanges.add("a", 2, 7, seconds(0));
  exchanges.expire(seconds(10000));
  EXPECT_EQ(exchanges.find("a", 1, 7), first);
  EXPECT_EQ(exchanges.add("a", 3, 7, seconds(10000)), nullptr);
  EXPECT_EQ(exchanges.add("b", 3, 7, seconds(10000)), nullptr);
}

TEST(Exchanges, A_refused_one_is_new_when_it_comes_again) {
  Exchanges exchanges({10, 10});
  exchanges.add("a", 1, 7, seconds(0))->is_void = true;
  EXPECT_EQ(exchanges.find("a", 1, 7), nullptr);
  Exchange* again = exchanges.add("a", 1, 7, seconds(1));
  EXPECT_EQ(exchanges.find("a", 1, 7), again);
}

TEST(Exchanges, A_peer_makes_room_among_its_own_and_the_loss_is_counted) {
  Exchanges exchanges({10, 2});
  exchanges.add("b", 9, 7, seconds(0))->answer = stored_answer;
  for (std::uint16_t id = 1; id <= 3; ++id)
    exchanges.add("a", id, 7, seconds(id))->answer = stored_answer;
  EXPECT_EQ(exchanges.find("a", 1, 7), nullptr);
  EXPECT_NE(exchanges.find("a", 2, 7), nullptr);
  EXPECT_NE(exchanges.find("a", 3, 7), nullptr);
  EXPECT_NE(exchanges.find("b", 9, 7), nullptr);
  EXPECT_EQ(exchanges.overflowed(), 1U);
}

TEST(Exchanges, When_all_is_full_the_oldest_of_all_goes) {
  Exchanges exchanges({2, 2});
  exchanges.add("a", 1, 7, seconds(0))->answer = stored_answer;
  exchanges.add("b", 1, 7, seconds(1))->answer = stored_answer;
  exchanges.add("c", 1, 7, seconds(2))->answer = stored_answer;
  EXPECT_EQ(exchanges.find("a", 1, 7), nullptr);
  EXPECT_NE(exchanges.find("b", 1, 7), nullptr);
  EXPECT_EQ(exchanges.size(), 2U);
  EXPECT_EQ(exchanges.peers(), 2U);
  EXPECT_EQ(exchanges.overflowed(), 1U);
}

// Against the obvious list: what is found was added, is not refused, and is recent enough.
TEST(Exchanges, Agrees_with_a_plain_list_over_many_seeds) {
  struct Known {
    std::string peer;
    std::uint16_t id;
    Exchange* exchange;
    int since;
    int state;  // 0 waiting, 1 answered, 2 void
  };
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    constexpr std::size_t max_total = 12;
    constexpr std::size_t max_per_peer = 4;
    Exchanges exchanges({max_total, max_per_peer, seconds(50)});
    std::vector<Known> known;
    int now = 0;
    std::uint16_t next_id = 0;
    for (int round = 0; round < 2000; ++round) {
      now += static_cast<int>(random() % 3);
      if (random() % 2 == 0 && !known.empty()) {
        Known& some = known[random() % known.size()];
        if (some.state == 0) {
          some.state = random() % 4 == 0 ? 2 : 1;
          if (some.state == 1)
            some.exchange->answer = stored_answer;
          else
            some.exchange->is_void = true;
        }
        continue;
      }
      const std::string peer(1, static_cast<char>('a' + random() % 5));
      const auto drop_front = [&](auto is_candidate) {
        const auto oldest = std::find_if(known.begin(), known.end(), is_candidate);
        if (oldest->state == 0) return false;
        known.erase(oldest);
        return true;
      };
      while (!known.empty() && now - known.front().since >= 50 && known.front().state != 0) {
        known.erase(known.begin());
      }
      const auto is_peers = [&](const Known& one) { return one.peer == peer; };
      const bool has_room =
          (static_cast<std::size_t>(std::count_if(known.begin(), known.end(), is_peers)) <
               max_per_peer ||
           drop_front(is_peers)) &&
          (known.size() < max_total || drop_front([](const Known&) { return true; }));
      Exchange* added = exchanges.add(peer, ++next_id, 7, seconds(now));
      ASSERT_EQ(added != nullptr, has_room) << "seed " << seed << " round " << round;
      if (added != nullptr) known.push_back({peer, next_id, added, now, 0});
      ASSERT_EQ(exchanges.size(), known.size());
      for (const Known& one : known) {
        ASSERT_EQ(exchanges.find(one.peer, one.id, 7), one.state == 2 ? nullptr : one.exchange);
      }
    }
  }
}

}  // namespace
}  // namespace sluice
