// Frame: how every record lies in the store: versioned, compressed, with a checksum (LMDB has
// none).
//
//   version | flags | raw size | content (zstd when flags bit 0) | xxh3-64 of key and all before
//      1B       1B     varint        ...                                8B
//
// The checksum covers the record's key (without its part number), so that a record whose key was
// damaged is found out and never taken for another. Version 1 left the key out; it is still read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

// Compresses and checks frames. Holds zstd's working memory: one object per thread.
class FrameCodec {
 public:
  FrameCodec();
  ~FrameCodec();
  FrameCodec(FrameCodec&&) noexcept;
  FrameCodec& operator=(FrameCodec&&) noexcept;

  // The frame of `raw`, to lie under `key`. Content that does not get smaller stays as it is.
  std::string seal(std::string_view key, std::string_view raw);

  // The content of the frame that lay under `key`.
  //   corrupt  not a frame, of another key, of a newer version, or damaged
  Result<std::string> open(std::string_view key, std::string_view frame);

  // zstd alone, for what goes upstream.
  std::string compress(std::string_view raw);

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace sluice
