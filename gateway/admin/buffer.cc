#include "gateway/admin/buffer.h"

#include <string>
#include <string_view>

namespace sluice {
namespace {

constexpr std::string_view add_path = "/v1/buffer/add/";
constexpr std::string_view drop_path = "/v1/dead-letters/drop";
constexpr std::string_view retry_path = "/v1/dead-letters/retry";

AdminResponse failed(const Error& error) {
  return {error.kind == ErrorKind::bad_input ? 422 : 503, "text/plain", error.message + "\n"};
}

AdminResponse changed(const LetterChange& change) {
  std::string body = "{\"changed\":" + std::to_string(change.changed) + ",\"left\":[";
  for (const std::uint64_t number : change.not_now) {
    if (body.back() != '[') body += ',';
    body += std::to_string(number);
  }
  return {200, "application/json", body + "]}"};
}

}  // namespace

AdminResponse answer_buffer(const AdminRequest& request, Gateway& gateway) {
  Result<LetterChange> change = LetterChange{};
  std::function<void(Engine&)> edit;
  if (request.path.starts_with(add_path)) {
    edit = [&](Engine& engine) {
      auto added = engine.add_to_sink(request.path.substr(add_path.size()), request.body);
      change = added ? Result<LetterChange>(LetterChange{*added, {}})
                     : Result<LetterChange>(std::move(added).error());
    };
  } else if (request.path == drop_path || request.path == retry_path) {
    const auto choice = parse_letter_choice(request.body);
    if (!choice) return failed(choice.error());
    edit = [&change, choice = *choice, is_retry = request.path == retry_path](Engine& engine) {
      change = is_retry ? engine.retry_letters(choice) : engine.drop_letters(choice);
    };
  } else {
    return {404, "text/plain", "there is no " + request.path + "\n"};
  }
  if (auto done = gateway.edit(edit); !done) return failed(done.error());
  return change ? changed(*change) : failed(change.error());
}

}  // namespace sluice
