#include "drivers/coap/pending_answers.h"

#include <algorithm>

namespace sluice {
namespace {

void add_number(coap_pdu_t& pdu, coap_option_num_t option, std::uint32_t number) {
  std::array<std::uint8_t, 4> bytes{};
  const unsigned size = coap_encode_var_safe(bytes.data(), bytes.size(), number);
  coap_add_option(&pdu, option, size, bytes.data());
}

std::uint32_t whole_seconds(Duration duration) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

// nullptr: out of memory; the client will ask again.
coap_pdu_t* make_pdu(coap_session_t& session, coap_pdu_type_t type, std::uint8_t code,
                     std::uint16_t message_id) {
  return coap_pdu_init(type, static_cast<coap_pdu_code_t>(code), message_id,
                       coap_session_max_pdu_size(&session));
}

}  // namespace

void fill_answer(coap_pdu_t& pdu, const Answer& answer) {
  coap_pdu_set_code(&pdu, static_cast<coap_pdu_code_t>(answer.code));
  if (answer.block1) add_number(pdu, COAP_OPTION_BLOCK1, *answer.block1);
}

void fill_refusal(coap_pdu_t& pdu, const Refusal& refusal, Duration retry_after,
                  std::size_t max_body_bytes) {
  coap_pdu_set_code(&pdu, refusal.code);
  if (refusal.code == COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE) {
    add_number(pdu, COAP_OPTION_MAXAGE, whole_seconds(retry_after));
  }
  if (refusal.code == COAP_RESPONSE_CODE_REQUEST_TOO_LARGE) {
    add_number(pdu, COAP_OPTION_SIZE1, static_cast<std::uint32_t>(max_body_bytes));
  }
  coap_add_data(&pdu, refusal.diagnostic.size(),
                reinterpret_cast<const std::uint8_t*>(refusal.diagnostic.data()));
}

PendingAnswers::~PendingAnswers() {
  for (const Waiting& waiting : waiting_) coap_session_release(waiting.session);
}

void PendingAnswers::add(Receipt receipt, coap_session_t& session, const Request& request,
                         Exchange& exchange, Duration now) {
  CHECK(request.token.size() <= max_token_bytes);
  Waiting& waiting = waiting_.emplace_back();
  waiting.receipt = receipt;
  waiting.session = coap_session_reference(&session);
  waiting.exchange = &exchange;
  waiting.block1 = request.block1;
  std::ranges::copy(request.token, waiting.token.begin());
  waiting.token_bytes = static_cast<std::uint8_t>(request.token.size());
  waiting.is_confirmable = request.is_confirmable;
  waiting.since = now;
}

std::size_t PendingAnswers::count_up_to(Receipt receipt) const {
  const auto end = std::ranges::upper_bound(waiting_, receipt, {}, &Waiting::receipt);
  return static_cast<std::size_t>(end - waiting_.begin());
}

void PendingAnswers::settle(Receipt receipt, Outcome outcome) {
  while (!waiting_.empty() && waiting_.front().receipt <= receipt) {
    answer(waiting_.front(), outcome);
    coap_session_release(waiting_.front().session);
    waiting_.pop_front();
    if (looked_at_ > 0) --looked_at_;
  }
}

void PendingAnswers::answer(const Waiting& waiting, Outcome outcome) {
  const bool is_separate = waiting.exchange->has_empty_ack;
  const bool is_stored = outcome == Outcome::stored;
  const Answer changed{COAP_RESPONSE_CODE_CHANGED, waiting.block1, is_separate};
  if (is_stored) {
    waiting.exchange->answer = changed;
  } else {
    waiting.exchange->is_void = true;
  }
  // An acknowledgement carries the request's message id, anything else one of our own.
  coap_pdu_type_t type = COAP_MESSAGE_NON;
  std::uint16_t message_id = waiting.exchange->message_id;
  if (waiting.is_confirmable) type = is_separate ? COAP_MESSAGE_CON : COAP_MESSAGE_ACK;
  if (type != COAP_MESSAGE_ACK) message_id = coap_new_message_id(waiting.session);
  if (is_separate) separate_.add();

  coap_pdu_t* const pdu = make_pdu(*waiting.session, type, COAP_RESPONSE_CODE_CHANGED, message_id);
  if (pdu == nullptr) return;
  coap_add_token(pdu, waiting.token_bytes, waiting.token.data());
  if (is_stored) {
    fill_answer(*pdu, changed);
  } else {
    fill_refusal(*pdu, not_now, retry_after_, 0);
  }
  coap_send(waiting.session, pdu);
}

void PendingAnswers::send_empty_acks(Duration now) {
  for (; looked_at_ < waiting_.size(); ++looked_at_) {
    const Waiting& waiting = waiting_[looked_at_];
    if (now - waiting.since < empty_ack_after_) return;
    if (!waiting.is_confirmable) continue;
    waiting.exchange->has_empty_ack = true;
    coap_pdu_t* const pdu =
        make_pdu(*waiting.session, COAP_MESSAGE_ACK, 0, waiting.exchange->message_id);
    if (pdu != nullptr) coap_send(waiting.session, pdu);
  }
}

std::optional<Duration> PendingAnswers::next_empty_ack() const {
  if (looked_at_ == waiting_.size()) return std::nullopt;
  return waiting_[looked_at_].since + empty_ack_after_;
}

}  // namespace sluice
