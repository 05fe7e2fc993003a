#include "drivers/mqtt/mailbox.h"

namespace sluice::mqtt {

void Mailbox::settle(Receipt receipt, Outcome outcome) {
  tell([&](Mail& mail) {
    auto& list = mail.settlements;
    if (!list.empty() && list.back().outcome == outcome)
      list.back().receipt = receipt;
    else
      list.push_back({receipt, outcome});
  });
}

Mail Mailbox::take() {
  wake_.clear();
  const std::scoped_lock lock(mutex_);
  Mail taken = mail_;
  mail_.settlements.clear();
  mail_.is_resumed = false;
  return taken;
}

}  // namespace sluice::mqtt
