// CoapServer: libcoap behind a narrow door. Takes requests, offers messages, sends answers.
//
//   datagram -> libcoap -> on_request: known? refused? room? a block? -> Intake
//                                       '-- answered at once               |
//   client <- libcoap <- PendingAnswers <----------- settle(receipt) <-- commit
//
// Owned and called by one thread: libcoap 4.3 has no locks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/log.h"
#include "drivers/coap/address.h"
#include "drivers/coap/block_transfers.h"
#include "drivers/coap/config.h"
#include "drivers/coap/exchanges.h"
#include "drivers/coap/pending_answers.h"
#include "drivers/coap/request.h"
#include "drivers/source.h"

namespace sluice {

class CoapServer {
 public:
  // `config` is valid. `config` and `context` outlive it.
  CoapServer(const CoapSourceConfig& config, const SourceContext& context);
  ~CoapServer();
  CoapServer(const CoapServer&) = delete;
  CoapServer& operator=(const CoapServer&) = delete;

  // Opens the addresses that are not open yet.
  //   try_later  at least one is not ours at the moment; call again later
  Result<void> open();
  // Those that are open, with their real ports: "coap://127.0.0.1:5683, coap://[::1]:5683".
  std::string addresses() const;

  // Readable when process() has something to do.
  int fd() const;
  // Reads and answers what has arrived, up to a bound, and offers the messages. While `is_taking`
  // is false new requests get 5.03.
  void process(bool is_taking);
  void settle(Receipt receipt, Outcome outcome);
  // Does what is due; gives how long fd() may be waited for, nullopt: for ever.
  std::optional<Duration> run_timers();

  std::size_t peers() const { return exchanges_.peers(); }
  std::uint64_t refused() const { return refused_; }

 private:
  struct FreeContext {
    void operator()(coap_context_t* context) const { coap_free_context(context); }
  };

  static void handle(coap_resource_t* resource, coap_session_t* session, const coap_pdu_t* request,
                     const coap_string_t* query, coap_pdu_t* response);
  static void handle_well_known(coap_resource_t* resource, coap_session_t* session,
                                const coap_pdu_t* request, const coap_string_t* query,
                                coap_pdu_t* response);

  void add_resources();
  void on_request(coap_session_t& session, const coap_pdu_t& request, coap_pdu_t& response);
  void answer_again(const Request& request, const Exchange& exchange, coap_pdu_t& response) const;
  // Answers, counts and, not too often, logs.
  void refuse(const Refusal& refusal, const std::string& peer, const Request& request,
              coap_pdu_t& response);
  void count_refused(RefusalReason reason, std::uint64_t requests);
  // The body when it is whole; else the response is filled in.
  std::optional<std::string> take_block(const std::string& peer, const Request& request,
                                        coap_pdu_t& response);
  void offer(coap_session_t& session, const std::string& peer, const Request& request,
             std::string_view body, coap_pdu_t& response);
  void count_overflow();

  const CoapSourceConfig& config_;
  const SourceContext& context_;
  const std::string well_known_;
  std::array<Counter*, refusal_reasons> refused_by_;
  Counter& repeats_;
  Counter& overflowed_;

  Exchanges exchanges_;
  BlockTransfers transfers_;
  std::unique_ptr<coap_context_t, FreeContext> coap_;
  PendingAnswers pending_;  // after coap_: releases its sessions before the context goes

  struct Endpoint {
    SocketAddress address;
    bool is_open = false;
  };
  std::vector<Endpoint> endpoints_;

  bool is_taking_ = true;
  std::uint64_t overflow_counted_ = 0;
  std::uint64_t last_receipt_ = 0;
  std::uint64_t refused_ = 0;
  std::array<RepeatedError, refusal_reasons> refusal_log_;
  MessageBatch batch_;
};

}  // namespace sluice
