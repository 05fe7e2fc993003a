// What storing costs per event: a block of 1,000 events encoded and sealed, opened and decoded, and
// a durable commit of it; as a reference in the same run, the checksum of the same bytes alone.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <xxhash.h>

#include <filesystem>
#include <string>

#include "storage/block.h"
#include "storage/frame.h"
#include "storage/journal.h"
#include "storage/lmdb_store.h"

namespace sluice {
namespace {

constexpr std::size_t count = 1'000;

struct Example {
  Example() {
    for (std::size_t i = 0; i < count; ++i) {
      payloads.push_back(R"({"device":"dev-)" + std::to_string(i % 50) + R"(","seq":)" +
                         std::to_string(i) + R"(,"ts":1790000000123,"temperature":)" +
                         std::to_string(20 + i % 7) + R"(.25,"humidity":44.1})");
    }
    for (std::size_t i = 0; i < count; ++i) {
      Event event;
      event.payload = payloads[i];
      event.has_payload = true;
      event.type = "sluice.event";
      event.datacontenttype = "application/json";
      event.topic = "sensors/0/dev-0001";
      event.source_name = "floor";
      event.source_index = 0;
      event.sequence = i + 1;
      event.received = Timestamp(std::chrono::microseconds(i));
      event.time = event.received;
      events.push_back(event);
    }
    for (const Event& event : events) pointers.push_back(&event);
    header.gateway = "bench";
  }
  std::vector<std::string> payloads;
  std::vector<Event> events;
  std::vector<const Event*> pointers;
  BlockHeader header;
};

void per_event(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * count));
}

void checksum_of_the_payloads(benchmark::State& state) {
  const Example example;
  for (auto _ : state) {
    for (const std::string& payload : example.payloads)
      benchmark::DoNotOptimize(XXH3_64bits(payload.data(), payload.size()));
  }
  per_event(state);
}
BENCHMARK(checksum_of_the_payloads);

void encode_and_seal(benchmark::State& state) {
  const Example example;
  FrameCodec codec;
  std::size_t bytes = 0;
  for (auto _ : state)
    bytes = codec.seal("J", encode_block(example.header, example.pointers)).size();
  state.counters["bytes_per_event"] = static_cast<double>(bytes) / count;
  per_event(state);
}
BENCHMARK(encode_and_seal);

void open_and_decode(benchmark::State& state) {
  const Example example;
  FrameCodec codec;
  const std::string frame = codec.seal("J", encode_block(example.header, example.pointers));
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    const std::string raw = codec.open("J", frame).value();
    benchmark::DoNotOptimize(decode_block(raw, "0123456789abcdef", arena).is_ok());
  }
  per_event(state);
}
BENCHMARK(open_and_decode);

void commit_durably(benchmark::State& state) {
  std::string folder = (std::filesystem::temp_directory_path() / "sluice-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    state.SkipWithError("no temporary folder");
    return;
  }
  {
    const auto store = LmdbStore::open(folder, {1ULL << 30}).value();
    Example example;
    FrameCodec codec;
    WriteBatch batch;
    for (auto _ : state) {
      ++example.header.block;
      batch.clear();
      put_journal(batch, codec, example.header, example.pointers);
      if (example.header.block > 64)
        trim_journal(*store, batch, example.header.block - 64, 2).value();
      store->commit(batch).value();
    }
  }
  std::filesystem::remove_all(folder);
  per_event(state);
}
BENCHMARK(commit_durably)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice
