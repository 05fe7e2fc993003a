// Bytes of a damaged disk: frames, blocks and heads must be refused, never crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/block.h"
#include "storage/frame.h"
#include "storage/head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static FrameCodec codec;
  Arena arena;
  // A frame of these bytes as content passes the checksum, so the decoders behind it are reached
  // too.
  const auto opened = codec.open("J", codec.seal("J", bytes));
  CHECK(opened.is_ok() && *opened == bytes);
  (void)codec.open("J", bytes).is_ok();
  (void)decode_block(bytes, "id", arena).is_ok();
  (void)decode_head(bytes).is_ok();
  std::string_view rest = bytes;
  (void)decode_value(rest, arena).is_ok();
  return 0;
}
