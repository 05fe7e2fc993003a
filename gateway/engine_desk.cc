#include "gateway/engine_desk.h"

#include <algorithm>

namespace sluice {

Result<void> EngineDesk::ask(const Look& look, const std::function<void()>& wake, Duration limit) {
  Request request{look};
  std::unique_lock lock(mutex_);
  requests_.push_back(&request);
  is_asked_.store(true, std::memory_order_release);
  lock.unlock();
  wake();
  lock.lock();
  if (done_.wait_for(lock, limit, [&] { return request.is_done; })) return {};
  requests_.erase(std::ranges::find(requests_, &request));
  is_asked_.store(!requests_.empty(), std::memory_order_release);
  return Error{ErrorKind::try_later, "the engine is busy and has not answered; ask again"};
}

void EngineDesk::serve(const Graph& graph) {
  if (!is_asked()) return;
  const std::scoped_lock lock(mutex_);
  if (requests_.empty()) return;
  // Under the lock: who asks cannot go away meanwhile.
  requests_.front()->look(graph);
  requests_.front()->is_done = true;
  requests_.pop_front();
  is_asked_.store(!requests_.empty(), std::memory_order_release);
  done_.notify_all();
}

}  // namespace sluice
