#include "firmware-sim/fleet/coap_fleet.h"

#include <arpa/inet.h>
#include <coap3/coap.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "firmware-sim/common/draw.h"
#include "firmware-sim/fleet/backoff.h"

namespace sluice::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t coap_window = 4;                // events in flight for each device (NSTART)
constexpr std::int64_t exchange_lifetime_ms = 247'000;  // RFC 7252 section 4.8.2
// An empty acknowledgement promises nothing: the answer itself must come within this time.
constexpr std::int64_t answer_timeout_ms = 20'000;
constexpr std::int64_t refused_wait_ms = 1'000;  // when 5.xx comes without Max-Age
constexpr std::uint8_t json_format = COAP_MEDIATYPE_APPLICATION_JSON;

struct ContextDeleter {
  void operator()(coap_context_t* context) const { coap_free_context(context); }
};

struct CoapDevice {
  Device device;
  Backoff backoff;
  coap_session_t* session = nullptr;  // the context's
  RunClock::Offset send_at{0};        // backing off until then
};

Result<coap_address_t> resolve(const Endpoint& gateway) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(gateway.port);
  if (getaddrinfo(gateway.host.c_str(), port.c_str(), &hints, &found) != 0) {
    return Error{ErrorKind::bad_config, gateway.host + ": no such host"};
  }
  coap_address_t address;
  coap_address_init(&address);
  address.size = found->ai_addrlen;
  std::memcpy(&address.addr, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return address;
}

// The token of an event is its seq: unique in its session, and the same for a repeat.
std::array<std::uint8_t, 4> token_of(std::uint64_t seq) {
  return {static_cast<std::uint8_t>(seq >> 24U), static_cast<std::uint8_t>(seq >> 16U),
          static_cast<std::uint8_t>(seq >> 8U), static_cast<std::uint8_t>(seq)};
}
std::uint64_t seq_of(coap_bin_const_t token) {
  std::uint64_t seq = 0;
  for (std::size_t i = 0; i < token.length; ++i) seq = (seq << 8U) | token.s[i];
  return seq;
}

class LibcoapFleet final : public CoapFleet {
 public:
  LibcoapFleet(const CoapFleetOptions& options, Schedule schedule, const RunClock& clock,
               Tally& tally)
      : options_(options), schedule_(std::move(schedule)), clock_(clock), tally_(tally) {}

  Result<void> open_sessions(std::vector<Device> devices) {
    coap_address_t gateway = TRY(resolve(options_.gateway));
    // A gateway that is away is normal here, and libcoap logs each datagram that meets nobody.
    coap_set_log_handler([](coap_log_t, const char*) {});
    context_.reset(coap_new_context(nullptr));
    if (context_ == nullptr) return Error{ErrorKind::try_later, "libcoap gives no context"};
    coap_register_response_handler(context_.get(), on_response);
    coap_register_nack_handler(context_.get(), on_nack);
    for (Device& device : devices) {
      const Backoff backoff(options_.seed, device.index());
      auto& owned = *devices_.emplace_back(
          std::make_unique<CoapDevice>(CoapDevice{std::move(device), backoff}));
      owned.session = coap_new_client_session(context_.get(), nullptr, &gateway, COAP_PROTO_UDP);
      if (owned.session == nullptr) {
        return Error{ErrorKind::try_later, "no socket for " + owned.device.name()};
      }
      coap_session_set_nstart(owned.session, coap_window);
      coap_session_set_app_data(owned.session, &owned);
    }
    coap_set_app_data(context_.get(), this);
    return {};
  }

  void run() override;

 private:
  static coap_response_t on_response(coap_session_t* session, const coap_pdu_t* sent,
                                     const coap_pdu_t* received, coap_mid_t mid);
  static void on_nack(coap_session_t* session, const coap_pdu_t* sent, coap_nack_reason_t reason,
                      coap_mid_t mid);
  static LibcoapFleet& fleet_of(coap_session_t* session) {
    return *static_cast<LibcoapFleet*>(coap_get_app_data(coap_session_get_context(session)));
  }
  static CoapDevice& device_of(coap_session_t* session) {
    return *static_cast<CoapDevice*>(coap_session_get_app_data(session));
  }

  void measure_due();
  void pump(CoapDevice& owner);
  bool post(const CoapDevice& owner, const Pending& pending, const std::string& payload);
  void answered(CoapDevice& owner, std::uint64_t seq, const coap_pdu_t& answer);
  bool is_drained() const;

  CoapFleetOptions options_;
  Schedule schedule_;
  const RunClock& clock_;
  Tally& tally_;
  std::vector<std::unique_ptr<CoapDevice>> devices_;
  std::unique_ptr<coap_context_t, ContextDeleter>
      context_;  // freed before the devices it points to
};

void LibcoapFleet::run() {
  RunClock::Offset over{};
  while (true) {
    const bool is_measuring = clock_.is_measuring() && !schedule_.is_over();
    const RunClock::Offset now = clock_.since_start();
    if (is_measuring) {
      measure_due();
      over = now + clock_.drain();
    } else if (is_drained() || now >= over || clock_.is_cut_short()) {
      break;
    }
    for (const auto& owner : devices_) pump(*owner);
    RunClock::Offset wait = RunClock::longest_wait;
    if (is_measuring && !schedule_.is_over()) {
      wait = std::clamp(schedule_.due() - clock_.since_start(), RunClock::Offset::zero(), wait);
    }
    // 0 would wait for ever: libcoap counts whole milliseconds.
    const auto whole = std::chrono::duration_cast<milliseconds>(wait).count();
    coap_io_process(context_.get(), static_cast<std::uint32_t>(std::max<std::int64_t>(whole, 1)));
  }
  for (const auto& owner : devices_) {
    for (const Pending& pending : owner->device.ring()) {
      tally_.unacknowledged(Protocol::coap, owner->device, pending);
    }
  }
}

void LibcoapFleet::measure_due() {
  const RunClock::Offset now = clock_.since_start();
  for (; !schedule_.is_over() && schedule_.due() <= now; schedule_.advance()) {
    const bool is_taken =
        devices_[schedule_.device()]->device.measure(clock_.wall_ms(schedule_.due()));
    tally_.add(is_taken ? &Counts::measured : &Counts::skipped);
  }
}

void LibcoapFleet::pump(CoapDevice& owner) {
  Device& device = owner.device;
  if (device.waiting() == 0 || clock_.since_start() < owner.send_at) return;
  const std::int64_t now_ms = clock_.wall_ms();
  device.release_older(now_ms - answer_timeout_ms);
  while (device.in_flight() < coap_window) {
    Pending* const pending = device.take_unsent();
    if (pending == nullptr) return;
    const bool is_forgotten =
        pending->sent_ms != 0 && now_ms - pending->sent_ms > exchange_lifetime_ms;
    if (pending->message_id == 0 || is_forgotten) {
      pending->message_id = coap_new_message_id(owner.session);
    }
    const std::string payload = device.payload(*pending);
    if (!post(owner, *pending, payload)) {
      device.release(pending->seq);
      owner.send_at = clock_.since_start() + owner.backoff.next();
      return;
    }
    const bool is_first = Device::mark_sent(*pending, now_ms);
    tally_.add(is_first ? &Counts::sent : &Counts::resent);
    const bool is_doubled = is_first && draw(options_.seed, "duplicate", device.index(),
                                             pending->seq) < options_.duplicates;
    if (is_doubled && post(owner, *pending, payload)) tally_.add(&Counts::duplicates);
  }
}

bool LibcoapFleet::post(const CoapDevice& owner, const Pending& pending,
                        const std::string& payload) {
  coap_pdu_t* const request =
      coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_POST, pending.message_id,
                    coap_session_max_pdu_size(owner.session));
  if (request == nullptr) return false;
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
  };
  static const std::string collection = "telemetry";
  const std::string& name = owner.device.name();
  const auto token = token_of(pending.seq);
  const bool is_complete =
      coap_add_token(request, token.size(), token.data()) == 1 &&
      coap_add_option(request, COAP_OPTION_URI_PATH, collection.size(), bytes(collection)) > 0 &&
      coap_add_option(request, COAP_OPTION_URI_PATH, name.size(), bytes(name)) > 0 &&
      coap_add_option(request, COAP_OPTION_CONTENT_FORMAT, 1, &json_format) > 0 &&
      coap_add_data(request, payload.size(), bytes(payload)) == 1;
  if (!is_complete) {
    coap_delete_pdu(request);
    return false;
  }
  return coap_send(owner.session, request) != COAP_INVALID_MID;  // the request is libcoap's now
}

coap_response_t LibcoapFleet::on_response(coap_session_t* session, const coap_pdu_t* /*sent*/,
                                          const coap_pdu_t* received, coap_mid_t /*mid*/) {
  fleet_of(session).answered(device_of(session), seq_of(coap_pdu_get_token(received)), *received);
  return COAP_RESPONSE_OK;
}

void LibcoapFleet::on_nack(coap_session_t* session, const coap_pdu_t* sent,
                           coap_nack_reason_t /*reason*/, coap_mid_t /*mid*/) {
  CoapDevice& owner = device_of(session);
  if (sent != nullptr) {
    owner.device.release(seq_of(coap_pdu_get_token(sent)));
  } else {
    owner.device.release_all();
  }
  const RunClock::Offset now = fleet_of(session).clock_.since_start();
  if (owner.send_at <= now) owner.send_at = now + owner.backoff.next();
}

void LibcoapFleet::answered(CoapDevice& owner, std::uint64_t seq, const coap_pdu_t& answer) {
  Device& device = owner.device;
  const int code_class = COAP_RESPONSE_CLASS(coap_pdu_get_code(&answer));
  Pending pending;
  if (code_class == 2) {
    owner.backoff.reset();
    if (!device.acknowledge(seq, pending)) return;  // the answer to a repeat
    tally_.acknowledged(Protocol::coap, device, pending, clock_.wall_ms());
  } else if (code_class == 4) {
    if (!device.acknowledge(seq, pending)) return;
    tally_.add(&Counts::refused);
    tally_.unacknowledged(Protocol::coap, device, pending);
  } else {
    device.release_as_new(seq);
    std::int64_t wait_ms = refused_wait_ms;
    coap_opt_iterator_t iterator;
    if (const coap_opt_t* const max_age =
            coap_check_option(&answer, COAP_OPTION_MAXAGE, &iterator)) {
      wait_ms = 1000LL * coap_decode_var_bytes(coap_opt_value(max_age), coap_opt_length(max_age));
    }
    owner.send_at = clock_.since_start() + milliseconds(wait_ms);
  }
}

bool LibcoapFleet::is_drained() const {
  return std::all_of(devices_.begin(), devices_.end(),
                     [](const auto& owner) { return owner->device.waiting() == 0; });
}

}  // namespace

Result<std::unique_ptr<CoapFleet>> CoapFleet::open(const CoapFleetOptions& options,
                                                   std::vector<Device> devices, Schedule schedule,
                                                   const RunClock& clock, Tally& tally) {
  CHECK(devices.size() <= max_devices);
  auto fleet = std::make_unique<LibcoapFleet>(options, std::move(schedule), clock, tally);
  TRY(fleet->open_sessions(std::move(devices)));
  return std::unique_ptr<CoapFleet>(std::move(fleet));
}

}  // namespace sluice::sim
