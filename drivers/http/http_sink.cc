#include "drivers/http/http_sink.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t max_answer_bytes = 512;  // of the body, for the error message

// libcurl must be set up once, before the first handle.
void set_up_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string first_line(std::string_view text) {
  std::string line(text.substr(0, text.find_first_of("\r\n")));
  std::erase_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return line.substr(0, 200);
}

}  // namespace

// One request: an easy handle that is used again and again, so that its connection stays open.
struct Transfer {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::optional<std::uint64_t> ticket;  // of the batch under way
  std::string answer;
  std::array<char, CURL_ERROR_SIZE> error{};

  Transfer() : easy(curl_easy_init()) { CHECK(easy != nullptr); }
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }

  static std::size_t take_answer(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& answer = static_cast<Transfer*>(self)->answer;
    const std::size_t room = max_answer_bytes - std::min(max_answer_bytes, answer.size());
    answer.append(bytes, std::min(room, size * count));
    return size * count;
  }
};

struct HttpSink::Impl {
  explicit Impl(HttpSinkConfig c) : config(std::move(c)), multi(curl_multi_init()) {
    CHECK(multi != nullptr);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    for (auto& transfer : transfers) curl_multi_remove_handle(multi, transfer->easy);
    transfers.clear();
    curl_multi_cleanup(multi);
  }

  Transfer& idle_transfer() {
    for (auto& transfer : transfers) {
      if (!transfer->ticket) return *transfer;
    }
    transfers.push_back(std::make_unique<Transfer>());
    set_options(*transfers.back());
    return *transfers.back();
  }

  void set_options(Transfer& transfer) const {
    CURL* easy = transfer.easy;
    curl_easy_setopt(easy, CURLOPT_URL, config.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a name server that hangs delays no stop
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, to_ms(config.timeout));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, to_ms(config.connect_timeout));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::take_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error.data());
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    if (!config.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, config.ca_file.c_str());
  }

  static long to_ms(Duration duration) {
    return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
  }

  Delivery finish(Transfer& transfer, CURLcode code) const {
    Delivery delivery;
    delivery.ticket = *transfer.ticket;
    transfer.ticket.reset();
    if (code != CURLE_OK) {
      const std::string why =
          transfer.error[0] != '\0' ? transfer.error.data() : curl_easy_strerror(code);
      delivery.reason = config.url + ": " + why;
      return delivery;
    }
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) {
      delivery.outcome = Delivery::Outcome::delivered;
      return delivery;
    }
    const bool is_temporary = status == 408 || status == 429 || status >= 500 || status < 200;
    delivery.outcome = is_temporary ? Delivery::Outcome::retry : Delivery::Outcome::rejected;
    delivery.reason = config.url + " answered " + std::to_string(status);
    if (const std::string line = first_line(transfer.answer); !line.empty())
      delivery.reason += ": " + line;
    curl_off_t wait = 0;
    if (curl_easy_getinfo(transfer.easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0) {
      delivery.retry_after = std::chrono::seconds(std::min<curl_off_t>(wait, 3'600));
    }
    return delivery;
  }

  const HttpSinkConfig config;
  CURLM* const multi;
  std::vector<std::unique_ptr<Transfer>> transfers;
  std::vector<Delivery> failed;  // before a request could begin
};

HttpSink::HttpSink(HttpSinkConfig config) {
  set_up_curl();
  impl_ = std::make_unique<Impl>(std::move(config));
}
HttpSink::~HttpSink() = default;

std::size_t HttpSink::max_in_flight() const {
  return static_cast<std::size_t>(impl_->config.max_in_flight);
}

void HttpSink::submit(const OutgoingBatch& batch) {
  Transfer& transfer = impl_->idle_transfer();
  transfer.ticket = batch.ticket;
  transfer.answer.clear();
  transfer.error[0] = '\0';
  curl_slist_free_all(transfer.headers);
  transfer.headers = nullptr;
  const auto add_header = [&](const std::string& line) {
    transfer.headers = curl_slist_append(transfer.headers, line.c_str());
  };
  add_header("Content-Type: " + batch.content_type);
  if (!batch.content_encoding.empty()) add_header("Content-Encoding: " + batch.content_encoding);
  add_header("Idempotency-Key: " + batch.id);
  add_header("Expect:");  // no extra round trip before the body
  for (const auto& [name, value] : impl_->config.headers) {
    add_header(std::string(name).append(": ").append(value));
  }
  curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.headers);
  if (impl_->config.token.is_set()) {
    // Looked up for each request, so that a renewed token file is used at once.
    const auto token = impl_->config.token.reveal();
    if (!token) {
      transfer.ticket.reset();
      impl_->failed.push_back(
          {batch.ticket, Delivery::Outcome::retry, "token: " + token.error().message, {}});
      return;
    }
    curl_easy_setopt(transfer.easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    curl_easy_setopt(transfer.easy, CURLOPT_XOAUTH2_BEARER, token->c_str());
  }
  // The body is lent: it outlives the request.
  curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, batch.body.data());
  curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(batch.body.size()));
  curl_multi_add_handle(impl_->multi, transfer.easy);
}

void HttpSink::poll(Duration timeout, std::vector<Delivery>& done) {
  const auto collect = [&] {
    done.insert(done.end(), impl_->failed.begin(), impl_->failed.end());
    impl_->failed.clear();
    int running = 0;
    curl_multi_perform(impl_->multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(impl_->multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(impl_->multi, transfer->easy);
      done.push_back(impl_->finish(*transfer, code));
    }
  };
  collect();
  if (!done.empty() || timeout <= Duration{0}) return;
  curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(Impl::to_ms(timeout)), nullptr);
  collect();
}

void HttpSink::wake() { curl_multi_wakeup(impl_->multi); }

}  // namespace sluice
