#include "firmware-sim/fleet/socket_world.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "firmware-sim/common/endpoint.h"
#include "firmware-sim/common/live_line.h"

namespace sluice::sim {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

Result<SocketWorld::Address> resolve(const std::string& url, const char* scheme, int type) {
  SocketWorld::Address address;
  if (url.empty()) return address;
  const Endpoint endpoint = TRY(parse_endpoint(url, scheme));
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  if (getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found) != 0) {
    return Error{ErrorKind::bad_config, endpoint.host + ": no such host"};
  }
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  freeaddrinfo(found);
  return address;
}

bool is_busy(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS; }

}  // namespace

SocketWorld::SocketWorld(const std::vector<Protocol>& protocols, double speed)
    : speed_(speed),
      start_(std::chrono::steady_clock::now()),
      start_wall_ms_(sim::wall_ms()),
      ways_(protocols.size()) {
  for (std::size_t i = 0; i < protocols.size(); ++i) {
    ways_[i].is_stream = protocols[i] == Protocol::mqtt;
  }
}

SocketWorld::~SocketWorld() {
  for (const Way& way : ways_) {
    if (way.descriptor >= 0) ::close(way.descriptor);
  }
  if (epoll_ >= 0) ::close(epoll_);
}

Result<std::unique_ptr<SocketWorld>> SocketWorld::open(const std::string& mqtt_url,
                                                       const std::string& coap_url,
                                                       const std::vector<Protocol>& protocols,
                                                       double speed) {
  std::unique_ptr<SocketWorld> world(new SocketWorld(protocols, speed));
  world->mqtt_ = TRY(resolve(mqtt_url, "mqtt", SOCK_STREAM));
  world->coap_ = TRY(resolve(coap_url, "coap", SOCK_DGRAM));
  world->epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (world->epoll_ < 0) return Error{ErrorKind::try_later, "no file descriptor is left"};
  return world;
}

double SocketWorld::now_ms() const {
  return speed_ * Milliseconds(std::chrono::steady_clock::now() - start_).count();
}

// Does not follow later changes of the wall clock.
std::int64_t SocketWorld::wall_ms() const {
  return start_wall_ms_ + std::llround(now_ms() / speed_);
}

void SocketWorld::watch(Link link, int operation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = link;
  (void)epoll_ctl(epoll_, operation, ways_[link].descriptor, &event);
}

// False: no descriptor is left, or the gateway cannot be reached at all.
bool SocketWorld::connect(Link link) {
  Way& way = ways_[link];
  const Address& address = way.is_stream ? mqtt_ : coap_;
  const int type = way.is_stream ? SOCK_STREAM : SOCK_DGRAM;
  way.descriptor = ::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (way.descriptor < 0) return false;
  if (way.is_stream) {
    const int is_on = 1;
    (void)setsockopt(way.descriptor, IPPROTO_TCP, TCP_NODELAY, &is_on, sizeof is_on);
  }
  const auto* const peer = reinterpret_cast<const sockaddr*>(&address.storage);
  const bool is_under_way =
      ::connect(way.descriptor, peer, address.size) == 0 || errno == EINPROGRESS;
  if (!is_under_way) {
    ::close(way.descriptor);
    way.descriptor = -1;
    return false;
  }
  watch(link, EPOLL_CTL_ADD, EPOLLIN);
  return true;
}

NodeSent SocketWorld::send(Link link, std::span<const std::uint8_t> bytes) {
  return ways_[link].is_stream ? send_stream(link, bytes) : send_datagram(link, bytes);
}

NodeSent SocketWorld::send_datagram(Link link, std::span<const std::uint8_t> bytes) {
  Way& way = ways_[link];
  if (way.descriptor < 0 && !connect(link)) return node_sent_busy;
  // Twice: the first may only say that a datagram before met nobody. One that meets nobody is lost,
  // as on any network.
  for (int turn = 0; turn < 2; ++turn) {
    if (::send(way.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) break;
    if (is_busy(errno)) return node_sent_busy;
  }
  return node_sent;
}

NodeSent SocketWorld::send_stream(Link link, std::span<const std::uint8_t> bytes) {
  Way& way = ways_[link];
  if (way.descriptor < 0 && !connect(link)) return node_sent_closed;
  if (!way.unsent.empty()) return node_sent_busy;
  ssize_t sent = ::send(way.descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    const bool is_connecting = errno == ENOTCONN || is_busy(errno);
    if (!is_connecting) {
      close(link);
      return node_sent_closed;
    }
    sent = 0;
  }
  if (static_cast<std::size_t>(sent) < bytes.size()) {
    way.unsent.assign(bytes.begin() + sent, bytes.end());
    watch(link, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }
  return node_sent;
}

void SocketWorld::flush(Link link) {
  Way& way = ways_[link];
  const ssize_t sent = ::send(way.descriptor, way.unsent.data(), way.unsent.size(), MSG_NOSIGNAL);
  if (sent < 0) return;  // what it is receive() will tell
  way.unsent.erase(way.unsent.begin(), way.unsent.begin() + sent);
  if (way.unsent.empty()) watch(link, EPOLL_CTL_MOD, EPOLLIN);
}

std::int32_t SocketWorld::receive(Link link, std::span<std::uint8_t> room) {
  Way& way = ways_[link];
  if (way.descriptor < 0 || !way.is_readable) return 0;
  const ssize_t got =
      ::recv(way.descriptor, room.data(), room.size(), MSG_TRUNC * (way.is_stream ? 0 : 1));
  if (!way.is_stream) {
    // One at a time: epoll tells of the next.
    way.is_readable = false;
    return got > 0 && static_cast<std::size_t>(got) <= room.size() ? static_cast<std::int32_t>(got)
                                                                   : 0;
  }
  if (got < 0 && is_busy(errno)) {
    way.is_readable = false;
    return 0;
  }
  if (got <= 0) {
    close(link);
    return -1;
  }
  way.is_readable = static_cast<std::size_t>(got) == room.size();
  return static_cast<std::int32_t>(got);
}

void SocketWorld::close(Link link) {
  Way& way = ways_[link];
  if (!way.is_stream && way.descriptor >= 0) {
    std::array<std::uint8_t, 1> room{};
    while (way.is_readable && ::recv(way.descriptor, room.data(), room.size(), 0) >= 0) {
    }
    way.is_readable = false;
    return;
  }
  if (way.descriptor >= 0) ::close(way.descriptor);
  way.descriptor = -1;
  way.is_readable = false;
  way.unsent.clear();
}

void SocketWorld::wait(double until_ms, std::vector<Link>& ready) {
  const double left = std::max(0.0, (until_ms - now_ms()) / speed_);
  const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()),
                               static_cast<int>(std::ceil(left)));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<std::size_t>(i)];
    const Link link = event.data.u32;
    Way& way = ways_[link];
    if (way.descriptor < 0) continue;
    if ((event.events & EPOLLOUT) != 0 && !way.unsent.empty()) flush(link);
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) way.is_readable = true;
    if (way.is_readable) ready.push_back(link);
  }
}

}  // namespace sluice::sim
