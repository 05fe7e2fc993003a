#include "drivers/coap/coap_server.h"

#include <poll.h>

#include <algorithm>
#include <mutex>

#include "drivers/coap/content_format.h"
#include "drivers/coap/udp_endpoint.h"

namespace sluice {
namespace {

// So many datagrams are read before what they hold is offered.
constexpr int max_datagrams_per_turn = 64;

bool is_readable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  return poll(&wanted, 1, 0) > 0;
}

void start_libcoap() {
  static std::once_flag once;
  std::call_once(once, [] {
    coap_startup();
    // Strangers decide what it would log.
    coap_set_log_level(LOG_EMERG);
  });
}

// The resources that have a name, and the root for those that do not, in CoRE link format
// (RFC 6690). Kept below one small datagram: it answers without knowing who asks.
std::string link_format(const std::vector<std::string>& patterns) {
  constexpr std::size_t max_bytes = 256;
  const std::string attributes =
      ">;rt=\"sluice.events\";ct=\"" + std::string(content_formats_taken) + "\"";
  std::vector<std::string> targets;
  std::string links;
  for (const std::string& pattern : patterns) {
    std::string target = "/" + pattern.substr(0, pattern.find_first_of("+#"));
    if (target.size() > 1 && target.ends_with('/')) target.pop_back();
    if (std::ranges::find(targets, target) != targets.end()) continue;
    targets.push_back(target);
    std::string link(links.empty() ? "<" : ",<");
    link.append(target).append(attributes);
    if (links.size() + link.size() <= max_bytes) links += link;
  }
  return links;
}

Counter& counter(const SourceContext& context, std::string_view name, std::string_view help) {
  return context.metrics.counter(name, help, {{"source", context.name}});
}

// A code as people write it: "4.04".
std::string code_text(coap_pdu_code_t code) {
  const auto detail = static_cast<unsigned>(code) & 0x1F;
  return std::to_string(static_cast<unsigned>(code) >> 5) + (detail < 10 ? ".0" : ".") +
         std::to_string(detail);
}

// A stranger's path, when it can do no harm on the terminal of who reads the log.
std::string_view loggable(std::string_view path) {
  const bool is_plain =
      std::ranges::all_of(path, [](char c) { return c >= ' ' && c <= '~'; }) && path.size() <= 128;
  return is_plain ? path : "(not plain text)";
}

// libcoap drops a response that is non-confirmable and has no code.
void stay_silent(coap_pdu_t& response) { coap_pdu_set_type(&response, COAP_MESSAGE_NON); }

}  // namespace

CoapServer::CoapServer(const CoapSourceConfig& config, const SourceContext& context)
    : config_(config),
      context_(context),
      well_known_(link_format(config.resources)),
      repeats_(counter(context, "sluice_coap_repeats_total",
                       "Retransmitted requests that were recognised.")),
      overflowed_(counter(context, "sluice_coap_exchanges_overflowed_total",
                          "Answered exchanges forgotten before their time for want of room.")),
      exchanges_({config.max_exchanges, config.max_exchanges_per_peer}),
      transfers_({config.max_body_bytes, config.max_transfers, config.max_transfers_per_peer,
                  config.max_transfer_bytes, config.transfer_timeout}),
      pending_(config.empty_ack_after, config.retry_after,
               counter(context, "sluice_coap_separate_answers_total",
                       "Answers that came after an empty acknowledgement.")) {
  for (std::size_t i = 0; i < refusal_reasons; ++i) {
    const auto reason = static_cast<RefusalReason>(i);
    refused_by_[i] = &context.metrics.counter(
        "sluice_source_refused_total", "Connections and requests turned away.",
        {{"source", context.name}, {"reason", std::string(reason_name(reason))}});
  }
  for (const std::string& url : config.listen) {
    endpoints_.push_back({parse_coap_url(url).value(), false});
  }
  start_libcoap();
  coap_.reset(coap_new_context(nullptr));
  CHECK(coap_ != nullptr);
  coap_set_app_data(coap_.get(), this);
  coap_context_set_max_idle_sessions(coap_.get(), config.max_idle_sessions);
  coap_context_set_session_timeout(
      coap_.get(),
      static_cast<unsigned>(
          std::chrono::duration_cast<std::chrono::seconds>(config.session_timeout).count()));
  add_resources();
}

CoapServer::~CoapServer() = default;

void CoapServer::add_resources() {
  coap_resource_t* const any = coap_resource_unknown_init(&CoapServer::handle);
  CHECK(any != nullptr);
  for (const coap_request_t method :
       {COAP_REQUEST_GET, COAP_REQUEST_POST, COAP_REQUEST_DELETE, COAP_REQUEST_FETCH,
        COAP_REQUEST_PATCH, COAP_REQUEST_IPATCH}) {
    coap_register_handler(any, method, &CoapServer::handle);
  }
  coap_add_resource(coap_.get(), any);
  coap_resource_t* const well_known =
      coap_resource_init(coap_make_str_const(".well-known/core"), 0);
  CHECK(well_known != nullptr);
  coap_register_handler(well_known, COAP_REQUEST_GET, &CoapServer::handle_well_known);
  coap_add_resource(coap_.get(), well_known);
}

Result<void> CoapServer::open() {
  Result<void> result;
  for (Endpoint& endpoint : endpoints_) {
    if (endpoint.is_open) continue;
    auto opened = open_udp_endpoint(*coap_, endpoint.address, config_.receive_buffer_bytes);
    endpoint.is_open = opened.is_ok();
    if (!opened && result) result = std::move(opened);
  }
  return result;
}

std::string CoapServer::addresses() const {
  std::string text;
  for (const Endpoint& endpoint : endpoints_) {
    if (!endpoint.is_open) continue;
    text += (text.empty() ? "coap://" : ", coap://") + to_text(endpoint.address.any);
  }
  return text;
}

int CoapServer::fd() const { return coap_context_get_coap_fd(coap_.get()); }

void CoapServer::process(bool is_taking) {
  is_taking_ = is_taking;
  for (int i = 0; i < max_datagrams_per_turn; ++i) {
    coap_io_process(coap_.get(), COAP_IO_NO_WAIT);
    if (!is_readable(fd())) break;
  }
  if (!batch_.empty()) context_.intake.offer(batch_);
  count_overflow();
}

std::optional<Duration> CoapServer::run_timers() {
  const Duration now = context_.clock.monotonic();
  pending_.send_empty_acks(now);
  exchanges_.expire(now);
  transfers_.expire(now);
  // What is forgotten may go later than it could: the next request comes by here too.
  if (const auto next = pending_.next_empty_ack()) return std::max(*next - now, Duration::zero());
  return std::nullopt;
}

void CoapServer::handle(coap_resource_t* /*resource*/, coap_session_t* session,
                        const coap_pdu_t* request, const coap_string_t* /*query*/,
                        coap_pdu_t* response) {
  auto* const server =
      static_cast<CoapServer*>(coap_get_app_data(coap_session_get_context(session)));
  server->on_request(*session, *request, *response);
}

void CoapServer::handle_well_known(coap_resource_t* /*resource*/, coap_session_t* session,
                                   const coap_pdu_t* /*request*/, const coap_string_t* /*query*/,
                                   coap_pdu_t* response) {
  const auto* const server =
      static_cast<CoapServer*>(coap_get_app_data(coap_session_get_context(session)));
  const std::uint8_t link_format_type = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT;
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
  coap_add_option(response, COAP_OPTION_CONTENT_FORMAT, 1, &link_format_type);
  coap_add_data(response, server->well_known_.size(),
                reinterpret_cast<const std::uint8_t*>(server->well_known_.data()));
}

void CoapServer::on_request(coap_session_t& session, const coap_pdu_t& pdu, coap_pdu_t& response) {
  Request request;
  const auto refusal = read_request(pdu, config_, request);
  const std::string peer = to_text(coap_session_get_addr_remote(&session)->addr.sa);
  if (refusal) return refuse(*refusal, peer, request, response);

  if (const Exchange* known = exchanges_.find(peer, request.message_id, request.fingerprint)) {
    repeats_.add();
    return answer_again(request, *known, response);
  }
  if (!is_taking_ || !context_.intake.has_room()) return refuse(not_now, peer, request, response);
  if (!request.block1) return offer(session, peer, request, request.payload, response);
  if (const auto body = take_block(peer, request, response)) {
    offer(session, peer, request, *body, response);
  }
}

void CoapServer::answer_again(const Request& request, const Exchange& exchange,
                              coap_pdu_t& response) const {
  const bool is_waiting = !exchange.answer.has_value();
  if (exchange.has_empty_ack && request.is_confirmable) {
    // Its answer comes or came separately: only the empty acknowledgement is due again.
    coap_pdu_set_type(&response, COAP_MESSAGE_ACK);
    coap_pdu_set_code(&response, COAP_EMPTY_CODE);
  } else if (is_waiting) {
    stay_silent(response);
  } else {
    fill_answer(response, *exchange.answer);
  }
}

void CoapServer::refuse(const Refusal& refusal, const std::string& peer, const Request& request,
                        coap_pdu_t& response) {
  count_refused(refusal.reason, 1);
  refusal_log_[static_cast<std::size_t>(refusal.reason)].report(
      context_.clock.monotonic().count(), LogLevel::warning, "A CoAP request is refused",
      {{"source", context_.name},
       {"peer", peer},
       {"path", loggable(request.path)},
       {"answer", code_text(refusal.code)},
       {"reason", refusal.diagnostic},
       {"remedy", remedy_of(refusal.reason)}});
  fill_refusal(response, refusal, config_.retry_after, config_.max_body_bytes);
}

void CoapServer::count_refused(RefusalReason reason, std::uint64_t requests) {
  refused_ += requests;
  refused_by_[static_cast<std::size_t>(reason)]->add(requests);
}

void CoapServer::settle(Receipt receipt, Outcome outcome) {
  if (outcome == Outcome::refused)
    count_refused(RefusalReason::backpressure, pending_.count_up_to(receipt));
  pending_.settle(receipt, outcome);
}

std::optional<std::string> CoapServer::take_block(const std::string& peer, const Request& request,
                                                  coap_pdu_t& response) {
  std::string body;
  switch (transfers_.add(peer, request.path, request.content_type, request.block, request.payload,
                         context_.clock.monotonic(), body)) {
    case BlockTransfers::Outcome::complete:
      return body;
    case BlockTransfers::Outcome::proceed:
      fill_answer(response, {COAP_RESPONSE_CODE_CONTINUE, request.block1});
      break;
    case BlockTransfers::Outcome::incomplete:
      refuse({RefusalReason::block, COAP_RESPONSE_CODE_INCOMPLETE,
              "a block is missing; start again with block 0"},
             peer, request, response);
      break;
    case BlockTransfers::Outcome::too_large:
      refuse({RefusalReason::size, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
              "the body is larger than this gateway takes"},
             peer, request, response);
      break;
    case BlockTransfers::Outcome::malformed:
      refuse({RefusalReason::block, COAP_RESPONSE_CODE_BAD_REQUEST,
              "the block is not as long as its option says"},
             peer, request, response);
      break;
    case BlockTransfers::Outcome::no_room:
      refuse(not_now, peer, request, response);
      break;
  }
  return std::nullopt;
}

void CoapServer::offer(coap_session_t& session, const std::string& peer, const Request& request,
                       std::string_view body, coap_pdu_t& response) {
  const Duration now = context_.clock.monotonic();
  Exchange* const exchange = exchanges_.add(peer, request.message_id, request.fingerprint, now);
  if (exchange == nullptr) return refuse(not_now, peer, request, response);

  Message message;
  message.receipt = Receipt{++last_receipt_};
  message.repeat = Repeat::proven;
  message.number = request.message_id;
  message.sender = peer;
  message.sender_key = request.token;
  message.topic = request.path;
  message.content_type = request.content_type;
  message.payload = body;
  message.headers = request.queries;
  message.received = context_.clock.wall();
  batch_.add(message);
  pending_.add(message.receipt, session, request, *exchange, now);
  stay_silent(response);
}

void CoapServer::count_overflow() {
  overflowed_.add(exchanges_.overflowed() - overflow_counted_);
  overflow_counted_ = exchanges_.overflowed();
}

}  // namespace sluice
