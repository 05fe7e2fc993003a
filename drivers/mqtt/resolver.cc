#include "drivers/mqtt/resolver.h"

#include <netdb.h>

#include <thread>
#include <utility>

namespace sluice::mqtt {
namespace {

Result<Resolver::Addresses> look_up(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int failure = getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0) {
    return Error{ErrorKind::try_later,
                 "cannot find '" + endpoint.host + "': " + gai_strerror(failure)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, &freeaddrinfo);
  Resolver::Addresses addresses;
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(next->ai_addr);
    addresses.push_back({{bytes, bytes + next->ai_addrlen}, next->ai_family});
  }
  return addresses;
}

}  // namespace

void Resolver::ask(const Endpoint& endpoint) {
  question_ = std::make_shared<Question>();
  std::thread([question = question_, endpoint] {
    Result<Addresses> found = look_up(endpoint);
    {
      const std::scoped_lock lock(question->mutex);
      question->is_done = true;
      if (found.is_ok())
        question->addresses = std::move(found).value();
      else
        question->error = found.error().message;
    }
    question->answered.signal();
  }).detach();
}

bool Resolver::take(Result<Addresses>& answer) {
  if (question_ == nullptr) return false;
  const std::shared_ptr<Question> question = question_;
  const std::scoped_lock lock(question->mutex);
  if (!question->is_done) return false;
  if (question->error.empty())
    answer = std::move(question->addresses);
  else
    answer = Error{ErrorKind::try_later, question->error};
  question_.reset();
  return true;
}

}  // namespace sluice::mqtt
