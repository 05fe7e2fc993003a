#include "tests/unit/mqtt_sink/mosquitto.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include "core/result.h"
#include "drivers/mqtt/socket.h"
#include "tests/unit/mqtt/socket_peer.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr auto answer_patience = std::chrono::ceil<milliseconds>(mqtt::patience);

// Debian keeps it outside of a user's PATH.
std::optional<fs::path> find_mosquitto() {
  for (const char* folder : {"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"}) {
    const fs::path program = fs::path(folder) / "mosquitto";
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

fs::path make_folder() {
  std::string name = fs::temp_directory_path() / "mqtt-sink-XXXXXX";
  CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

std::uint16_t free_port() {
  const auto socket = mqtt::listen_on({"127.0.0.1", 0});
  CHECK(socket.is_ok());
  return mqtt::local_port(socket->get());
}

bool takes_connections(std::uint16_t port) {
  const mqtt::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

bool Mosquitto::is_installed() { return find_mosquitto().has_value(); }

Mosquitto::Mosquitto(std::string settings)
    : folder_(make_folder()), settings_(std::move(settings)) {
  // Another process may take the port before Mosquitto does.
  for (int attempt = 0; attempt < 5; ++attempt) {
    port_ = free_port();
    if (spawn()) return;
  }
  CHECK(false && "mosquitto does not start");
}

Mosquitto::~Mosquitto() {
  kill();
  fs::remove_all(folder_);
}

void Mosquitto::start() { CHECK(spawn()); }

void Mosquitto::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

bool Mosquitto::spawn() {
  const std::string configuration = folder_ / "mosquitto.conf";
  const std::string log = folder_ / "mosquitto.log";
  // As root it would otherwise become a user who may not read this folder.
  std::ofstream(configuration) << "user root\nallow_anonymous true\nlistener " << port_
                               << " 127.0.0.1\n"
                               << settings_ << "\n";
  std::string program = *find_mosquitto();
  std::array<std::string, 2> options{"-c", configuration};
  std::array<char*, 4> arguments{program.data(), options[0].data(), options[1].data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  const int error =
      posix_spawn(&process_, program.c_str(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  CHECK(error == 0);

  const auto end = std::chrono::steady_clock::now() + mqtt::patience;
  while (std::chrono::steady_clock::now() < end) {
    if (waitpid(process_, nullptr, WNOHANG) == process_) break;  // the port was taken
    if (takes_connections(port_)) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  process_ = 0;
  return false;
}

Collector::Collector(const Mosquitto& broker)
    : client_("tcp://" + broker.address(), "collector", ::mqtt::create_options(MQTTVERSION_5)) {
  ::mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_clean_start(true);
  client_.start_consuming();
  CHECK(client_.connect(options)->wait_for(answer_patience));
  CHECK(client_.subscribe("#", 1)->wait_for(answer_patience));
}

Received Collector::next() {
  const auto message = client_.try_consume_message_for(mqtt::patience);
  Received received;
  if (!message) return received;
  received.topic = message->get_topic();
  received.payload = message->get_payload_str();
  received.qos = message->get_qos();
  received.is_retained = message->is_retained();
  const ::mqtt::properties& properties = message->get_properties();
  if (properties.contains(::mqtt::property::CONTENT_TYPE)) {
    received.content_type = ::mqtt::get<std::string>(properties, ::mqtt::property::CONTENT_TYPE);
  }
  for (std::size_t i = 0; i < properties.count(::mqtt::property::USER_PROPERTY); ++i) {
    const auto [name, value] =
        ::mqtt::get<::mqtt::string_pair>(properties, ::mqtt::property::USER_PROPERTY, i);
    received.user_properties[name] = value;
  }
  return received;
}

}  // namespace sluice
