#include "tests/sim/upstream.h"

#include <algorithm>

namespace sluice::sim {

Upstream::Answer Upstream::take(const OutgoingBatch& batch) {
  Answer answer;
  answer.at = clock_.monotonic();
  answer.delivery.ticket = batch.ticket;
  answer.delivery.reason = "as the simulation wants it";
  switch (mode) {
    case UpstreamMode::accepts:
      answer.delivery.outcome = Delivery::Outcome::delivered;
      keep_(batch.body);
      break;
    case UpstreamMode::delays:
      answer.delivery.outcome = Delivery::Outcome::delivered;
      answer.at += random_.milliseconds(1, 3'000);
      keep_(batch.body);
      break;
    case UpstreamMode::refuses:
      answer.delivery.outcome = Delivery::Outcome::retry;
      if (random_.is_true(30)) answer.delivery.retry_after = random_.milliseconds(100, 5'000);
      break;
    case UpstreamMode::loses_answer:
      answer.delivery.outcome = Delivery::Outcome::retry;
      keep_(batch.body);
      break;
    case UpstreamMode::rejects:
      answer.delivery.outcome = Delivery::Outcome::rejected;
      break;
  }
  return answer;
}

void UpstreamSink::poll(Duration, std::vector<Delivery>& done) {
  const Duration now = upstream_.clock().monotonic();
  const auto late = std::ranges::stable_partition(
      answers_, [now](const Upstream::Answer& answer) { return answer.at <= now; });
  for (auto answer = answers_.begin(); answer != late.begin(); ++answer) {
    done.push_back(std::move(answer->delivery));
  }
  answers_.erase(answers_.begin(), late.begin());
}

}  // namespace sluice::sim
