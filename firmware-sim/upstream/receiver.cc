#include "firmware-sim/upstream/receiver.h"

#include "firmware-sim/common/draw.h"

namespace sluice::sim {

Result<void> Receiver::open_ledger(const std::string& path) {
  ledger_.open(path, std::ios::app | std::ios::binary);
  if (!ledger_) return Error{ErrorKind::try_later, path + ": cannot be written"};
  return {};
}

HttpAnswer Receiver::answer(const HttpRequest& request, std::int64_t now_ms) {
  if (request.method == "GET" && request.target == "/stats") {
    return {200, statistics_.json(now_ms)};
  }
  if (request.method != "POST") return {405, "POST a batch, or GET /stats\n"};
  if (request.target == "/control") return answer_control(request, now_ms);
  return answer_batch(request, now_ms);
}

void Receiver::set_mode(Behaviour::Mode mode) {
  behaviour_.mode = mode;
  mode_until_ms_ = 0;
}

void Receiver::tick(std::int64_t now_ms) {
  if (mode_until_ms_ != 0 && now_ms >= mode_until_ms_) set_mode(Behaviour::Mode::accept);
}

HttpAnswer Receiver::answer_control(const HttpRequest& request, std::int64_t now_ms) {
  behaviour_.lasts = {};
  const Result<void> changed = apply_control(request.body, behaviour_);
  if (!changed) return {400, changed.error().message + '\n'};
  mode_until_ms_ = behaviour_.lasts.count() == 0 ? 0 : now_ms + behaviour_.lasts.count();
  return {};
}

HttpAnswer Receiver::refused(int status, std::string body) {
  statistics_.add_refusal();
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.delay = behaviour_.delay;
  answer.slow = behaviour_.slow;
  return answer;
}

HttpAnswer Receiver::answer_batch(const HttpRequest& request, std::int64_t now_ms) {
  const bool is_unlucky = draw(seed_, "fail", 0, ++draws_) < behaviour_.fail_rate;
  if (behaviour_.mode == Behaviour::Mode::refuse || is_unlucky) {
    return refused(behaviour_.status, "refused, as told\n");
  }
  Result<Batch> batch = read_batch(request.body, request.header("content-encoding"));
  if (!batch) return refused(400, batch.error().message + '\n');
  if (behaviour_.room) {
    constexpr int insufficient_storage = 507;
    if (batch->records.size() > *behaviour_.room) return refused(insufficient_storage, "full\n");
    *behaviour_.room -= batch->records.size();
  }
  keep(std::move(*batch), request.body.size(), request.header("idempotency-key"), now_ms);
  HttpAnswer answer;
  answer.delay = behaviour_.delay;
  answer.slow = behaviour_.slow;
  answer.is_cut = behaviour_.mode == Behaviour::Mode::cut;
  return answer;
}

Result<void> Receiver::take_batch(std::string_view body, std::string_view encoding,
                                  std::string_view id, std::int64_t now_ms) {
  keep(TRY(read_batch(body, encoding)), body.size(), id, now_ms);
  return {};
}

void Receiver::keep(Batch batch, std::size_t wire_bytes, std::string_view id, std::int64_t now_ms) {
  statistics_.add_batch(now_ms, batch.records.size(), wire_bytes, batch.body_bytes);
  const std::string name =
      id.empty() ? '#' + std::to_string(statistics_.totals().batches) : std::string(id);
  for (ReceivedRecord& record : batch.records) {
    record.batch = name;
    record.received_ms = now_ms;
    if (record.window) statistics_.add_window(*record.window);
    if (ledger_.is_open()) ledger_ << format_line(record);
  }
  ledger_.flush();  // whoever reads it while we run finds whole batches
}

}  // namespace sluice::sim
