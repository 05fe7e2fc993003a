// What receiving MQTT costs: bytes of many PUBLISH packets in, messages and acknowledgements out,
// without sockets.
#include <benchmark/benchmark.h>

#include <string>

#include "core/metrics.h"
#include "core/result.h"
#include "drivers/mqtt/packet_writer.h"
#include "drivers/mqtt/server_session.h"

namespace sluice::mqtt {
namespace {

constexpr int publishes = 1000;
constexpr std::size_t payload_bytes = 96;

void append_publish(std::string& out, Version version, std::uint8_t qos, std::uint16_t id) {
  const std::string_view topic = "plant/7/boiler/telemetry";
  const std::string payload(payload_bytes, 'x');
  std::string body;
  const auto put_two = [&](std::size_t value) {
    body += static_cast<char>(value >> 8);
    body += static_cast<char>(value & 0xFF);
  };
  put_two(topic.size());
  body += topic;
  if (qos > 0) put_two(id);
  if (version == Version::v5) body += '\0';
  body += payload;
  out += static_cast<char>(0x30 | qos << 1);
  CHECK(body.size() < 0x80);  // one byte says the length
  out += static_cast<char>(body.size());
  out += body;
}

void receive_and_settle(benchmark::State& state, Version version, std::uint8_t qos) {
  std::string packets;
  for (std::uint16_t id = 1; id <= publishes; ++id) append_publish(packets, version, qos, id);

  Metrics metrics;
  Refusals refusals(metrics, "bench");
  ServerCore core(MqttLimits{}, refusals, 0);
  ServerSession session(core, 0);
  std::string connect;
  ConnectFields fields;
  fields.version = version;
  fields.is_clean = true;
  fields.client_id = "bench";
  fields.receive_maximum = 20;
  fields.maximum_packet_size = 1000;
  append_connect(connect, fields);
  session.receive(connect);
  session.output().clear();

  const std::size_t answer_bytes = qos == 0 ? 0 : 4 * publishes;
  for (auto _ : state) {
    CHECK(session.receive(packets) == packets.size());
    core.feed.settle(core.feed.batch().messages().back().receipt);
    session.settle();
    CHECK(session.output().size() == answer_bytes);
    session.output().clear();
    core.feed.batch().clear();
  }
  state.SetItemsProcessed(state.iterations() * publishes);
}

void BM_qos_0(benchmark::State& state) { receive_and_settle(state, Version::v3_1_1, 0); }
void BM_qos_1_v3(benchmark::State& state) { receive_and_settle(state, Version::v3_1_1, 1); }
void BM_qos_1_v5(benchmark::State& state) { receive_and_settle(state, Version::v5, 1); }
BENCHMARK(BM_qos_0);
BENCHMARK(BM_qos_1_v3);
BENCHMARK(BM_qos_1_v5);

}  // namespace
}  // namespace sluice::mqtt

BENCHMARK_MAIN();
