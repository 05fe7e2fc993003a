#include "gateway/intake_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace sluice {
namespace {
using namespace std::chrono_literals;

MessageBatch batch_of(std::size_t count, std::uint64_t first = 1) {
  MessageBatch batch;
  for (std::uint64_t i = 0; i < count; ++i) {
    Message message;
    message.receipt = Receipt{first + i};
    message.payload = "payload";
    batch.add(message);
  }
  return batch;
}

TEST(IntakeQueue, Batches_come_out_whole_in_order_and_with_their_source) {
  IntakeQueue queue({});
  SourceIntake first(queue, 0), second(queue, 1);
  MessageBatch a = batch_of(3), b = batch_of(2);
  first.offer(a);
  second.offer(b);
  EXPECT_TRUE(a.empty() && b.empty());
  std::vector<TakenBatch> taken;
  queue.take(4, 1 << 20, taken);
  ASSERT_EQ(taken.size(), 2U) << "the second batch began below the bound";
  EXPECT_EQ(taken[0].source, 0U);
  EXPECT_EQ(taken[0].batch.messages().size(), 3U);
  EXPECT_EQ(taken[1].source, 1U);
  EXPECT_EQ(queue.wait(0, 0, 0s).messages, 0U);
}

TEST(IntakeQueue, A_source_that_was_turned_away_is_named_when_there_is_room_again) {
  IntakeQueue queue({.max_messages = 2});
  SourceIntake source(queue, 0);
  MessageBatch batch = batch_of(2);
  EXPECT_TRUE(source.has_room());
  source.offer(batch);
  std::vector<TakenBatch> taken;
  EXPECT_FALSE(source.has_room());
  EXPECT_TRUE(queue.take(10, 1 << 20, taken));
  EXPECT_TRUE(source.has_room());
  queue.recycle(taken);
  EXPECT_FALSE(queue.take(10, 1 << 20, taken)) << "said once";
}

TEST(IntakeQueue, A_wait_ends_when_enough_has_come_or_somebody_wakes_it) {
  IntakeQueue queue({});
  std::thread offers([&] {
    SourceIntake source(queue, 0);
    for (int i = 0; i < 3; ++i) {
      MessageBatch batch = batch_of(1);
      source.offer(batch);
    }
  });
  EXPECT_GE(queue.wait(3, ~std::size_t{0}, 10s).messages, 3U);
  offers.join();
  std::thread wakes([&] { queue.wake(); });
  queue.wait(100, ~std::size_t{0}, 10s);
  wakes.join();
}

}  // namespace
}  // namespace sluice
