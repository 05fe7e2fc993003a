#include "drivers/mqtt/sink/broker_events.h"

#include <utility>

namespace sluice::mqtt {

void BrokerEvents::post(BrokerEvent event) {
  const std::scoped_lock lock(mutex_);
  pending_.events.push_back(std::move(event));
  changed_.notify_one();
}

void BrokerEvents::wake() {
  const std::scoped_lock lock(mutex_);
  pending_.is_woken = true;
  changed_.notify_one();
}

BrokerEvents::Taken BrokerEvents::take(Duration timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout,
                    [this] { return pending_.is_woken || !pending_.events.empty(); });
  return std::exchange(pending_, {});
}

std::vector<BrokerEvent> BrokerEvents::take_rest() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(pending_.events, {});
}

}  // namespace sluice::mqtt
