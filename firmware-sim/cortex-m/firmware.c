// The firmware of the emulated sensor: the portable core on the board's clock, network and memory.
// What it has to say goes to the console, a line each:
//
//   boot 2 kept 0
//   acknowledged 2 17          boot and sequence of a reading that the gateway has
#include <string.h>

#include "firmware-sim/cortex-m/board.h"
#include "firmware-sim/cortex-m/flash.h"
#include "firmware-sim/cortex-m/net.h"
#include "firmware-sim/cortex-m/options.h"
#include "firmware-sim/cortex-m/semihosting.h"
#include "firmware-sim/node/node.h"

typedef struct Board {
  Options options;
  Net net;
  Flash flash;
  uint32_t random;
  Node node;
} Board;

static Board board;

static uint64_t port_now(void* context) {
  (void)context;
  return board_now_ms();
}

static NodeSent port_send(void* context, const uint8_t* bytes, size_t size) {
  return net_send(&((Board*)context)->net, bytes, size, board_now_ms()) ? node_sent
                                                                        : node_sent_busy;
}

static int32_t port_receive(void* context, uint8_t* bytes, size_t room) {
  return (int32_t)net_receive(&((Board*)context)->net, bytes, room, board_now_ms());
}

static uint32_t port_random(void* context) {  // xorshift (Marsaglia)
  uint32_t* const x = &((Board*)context)->random;
  *x ^= *x << 13;
  *x ^= *x >> 17;
  *x ^= *x << 5;
  return *x;
}

static bool port_store(void* context, NodeStoreAction action, uint8_t* bytes, size_t size) {
  Flash* const flash = &((Board*)context)->flash;
  return action == node_store_load ? flash_load(flash, bytes, size)
                                   : flash_save(flash, bytes, size);
}

static const NodePort port = {&board, port_now, port_send, port_receive, port_random, port_store};

// --- the console ---

static void say(const char* words, uint32_t a, const char* more, uint32_t b) {
  uint8_t line[96];
  NodeWriter writer = node_writer(line, sizeof line);
  node_put_text(&writer, words);
  node_put_decimal(&writer, a);
  node_put_text(&writer, more);
  node_put_decimal(&writer, b);
  node_put_text(&writer, "\n");
  node_put_byte(&writer, '\0');
  semihosting_write((const char*)line);
}

static int fail(const char* why, const char* what) {
  semihosting_write("board: ");
  semihosting_write(why);
  semihosting_write(what);
  semihosting_write("\n");
  return 2;
}

// --- the sensor ---

// A quiet room: temperature and humidity wander.
static void measure(Board* self) {
  static int32_t temperature = 21500;
  static int32_t humidity = 45000;
  temperature += (int32_t)(port_random(self) % 101) - 50;
  humidity += (int32_t)(port_random(self) % 201) - 100;
  const int32_t values[] = {temperature, humidity};
  node_take(&self->node, values);
}

// One turn; says which readings were acknowledged in it. Those of one report at most are.
static NodeVerdict poll_and_tell(Board* self) {
  Node* const node = &self->node;
  struct {
    uint32_t boot;
    uint32_t sequence;
  } front[UINT8_MAX];
  uint32_t count = 0;
  for (; count < node->ring.count && count < node->report.readings && count < UINT8_MAX; ++count) {
    const NodeReading reading = node_ring_at(&node->ring, count);
    front[count].boot = reading.boot;
    front[count].sequence = reading.sequence;
  }
  const uint32_t before = node->counters.acknowledged;
  const NodeVerdict verdict = node_poll(node);
  const uint32_t acknowledged = node->counters.acknowledged - before;
  for (uint32_t i = 0; i < acknowledged && i < count; ++i) {
    say("acknowledged ", front[i].boot, " ", front[i].sequence);
  }
  return verdict;
}

static const NodeChannel channels[] = {{"temperature", "Cel"}, {"humidity", "%RH"}};

static bool start(Board* self, NodeConfig* config) {
  const Options* const options = &self->options;
  config->name = options->name;
  config->path = options->path;
  config->version = "1.0.0";
  config->channels = channels;
  config->channel_count = 2;
  config->batch = (uint8_t)options->batch;
  config->protocol = node_over_coap;
  config->format = options->format;
  config->interval_ms = options->interval_ms;
  extern uint8_t board_kept[];
  extern uint8_t board_kept_end[];
  size_t room = node_ring_bytes(options->places, config->channel_count);
  if (room > (size_t)(board_kept_end - board_kept)) room = (size_t)(board_kept_end - board_kept);
  return node_start(&self->node, config, &port, board_kept, room) == node_started;
}

int main(void) {
  const char* wrong = "";
  if (!options_read(&board.options, &wrong)) return fail("wrong option ", wrong);
  // The user network of the emulator: the host is 10.0.2.2.
  NetConfig net = {{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}, {10, 0, 2, 15}, {10, 0, 2, 2}, 5683, 0};
  net.peer_port = board.options.port;
  if (!net_start(&board.net, &net)) return fail("no LAN9118", "");
  flash_open(&board.flash, board.options.store);
  uint8_t saved[node_saved_bytes];
  flash_load(&board.flash, saved, sizeof saved);
  board.random = (semihosting_time() ^ board.flash.generation * 0x9E3779B9U) | 1;

  NodeConfig config;
  memset(&config, 0, sizeof config);
  if (!start(&board, &config)) return fail("the configuration is out of its bounds", "");
  const Node* const node = &board.node;
  say("boot ", node->saved.boot, " kept ", node->ring.count);

  for (;;) {
    const NodeVerdict verdict = poll_and_tell(&board);
    const uint32_t acknowledged = node->counters.acknowledged;
    if (board.options.readings != 0 && acknowledged >= board.options.readings) break;
    const bool restarts =
        board.options.restart_every != 0 && acknowledged >= board.options.restart_every;
    if (verdict == node_restarts || restarts) board_restart();
    if (node_is_due(node)) measure(&board);
    if (node_wake_ms(node) > board_now_ms()) board_sleep();
  }
  say("done ", node->counters.acknowledged, " repeats ", node->counters.repeats);
  return 0;
}
