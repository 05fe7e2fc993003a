// The answers that wait for a commit, in the order of their receipts.
//
//   request --> add() ... settle() --> ACK 2.04 with the request's own message id
//                  '- after 500 ms: empty ACK ... settle() --> CON 2.04 with the token, on its own
//
// The empty ACK promises nothing; it only stops the client from sending again. Owned by the CoAP
// thread; holds a reference to the session of each, so that libcoap keeps it.
#pragma once

#include <coap3/coap.h>

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/clock.h"
#include "core/metrics.h"
#include "drivers/coap/exchanges.h"
#include "drivers/coap/request.h"
#include "drivers/source.h"

namespace sluice {

class PendingAnswers {
 public:
  // `separate` counts the answers that come on their own.
  PendingAnswers(Duration empty_ack_after, Duration retry_after, Counter& separate)
      : empty_ack_after_(empty_ack_after), retry_after_(retry_after), separate_(separate) {}
  ~PendingAnswers();  // gives up the rest: their clients will ask again
  PendingAnswers(const PendingAnswers&) = delete;
  PendingAnswers& operator=(const PendingAnswers&) = delete;

  // Receipts grow. `exchange` stays where it is until it is answered.
  void add(Receipt receipt, coap_session_t& session, const Request& request, Exchange& exchange,
           Duration now);

  // Answers all up to `receipt`: 2.04, or 5.03 when refused.
  void settle(Receipt receipt, Outcome outcome);

  // Sends the empty acknowledgements that are due.
  void send_empty_acks(Duration now);
  // When the next one is; nullopt: none.
  std::optional<Duration> next_empty_ack() const;

  std::size_t size() const { return waiting_.size(); }
  // How many settle(receipt) would answer.
  std::size_t count_up_to(Receipt receipt) const;

 private:
  static constexpr std::size_t max_token_bytes = 8;

  struct Waiting {
    Receipt receipt;
    coap_session_t* session;
    Exchange* exchange;
    std::optional<std::uint32_t> block1;
    std::array<std::uint8_t, max_token_bytes> token;
    std::uint8_t token_bytes;
    bool is_confirmable;
    Duration since;
  };

  void answer(const Waiting& waiting, Outcome outcome);

  const Duration empty_ack_after_;
  const Duration retry_after_;
  Counter& separate_;
  std::deque<Waiting> waiting_;  // by receipt, and so by age
  std::size_t looked_at_ = 0;    // as many of them need no empty acknowledgement any more
};

// Adds the options and the payload that an answer consists of, in the order that CoAP wants.
void fill_answer(coap_pdu_t& pdu, const Answer& answer);
// The same for a refusal; `retry_after` becomes Max-Age when it is 5.03.
void fill_refusal(coap_pdu_t& pdu, const Refusal& refusal, Duration retry_after,
                  std::size_t max_body_bytes);

// The client should come back later.
inline constexpr Refusal not_now{RefusalReason::backpressure,
                                 COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
                                 "the gateway cannot take more at the moment"};

}  // namespace sluice
