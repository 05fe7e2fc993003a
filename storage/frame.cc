#include "storage/frame.h"

#include <xxhash.h>
#include <zstd.h>

#include "core/bytes.h"

namespace sluice {
namespace {

constexpr std::uint8_t frame_version = 2;
constexpr std::uint8_t keyless_version = 1;  // its checksum does not cover the key
constexpr std::uint8_t flag_zstd = 1;
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t worth_compressing = 64;
constexpr std::uint64_t max_raw_bytes = 256ULL << 20;  // no honest record is larger
constexpr int level = 1;  // measured: faster than 3 and no larger on sensor JSON in big batches

std::uint64_t checksum(std::string_view key, std::string_view bytes) {
  const bool is_keyless = !bytes.empty() && static_cast<std::uint8_t>(bytes[0]) == keyless_version;
  const XXH64_hash_t seed = is_keyless ? 0 : XXH3_64bits(key.data(), key.size());
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Error damaged(const char* what) {
  return {ErrorKind::corrupt, std::string("a stored record ") + what};
}

}  // namespace

struct FrameCodec::Contexts {
  ZSTD_CCtx* compressor = ZSTD_createCCtx();
  ZSTD_DCtx* decompressor = ZSTD_createDCtx();
  std::string scratch;
  Contexts() = default;
  Contexts(const Contexts&) = delete;
  Contexts& operator=(const Contexts&) = delete;
  ~Contexts() {
    ZSTD_freeCCtx(compressor);
    ZSTD_freeDCtx(decompressor);
  }

  // The compressed bytes of `raw` in `scratch`.
  std::string_view compress(std::string_view raw) {
    const std::size_t bound = ZSTD_compressBound(raw.size());
    if (scratch.size() < bound) scratch.resize(bound);
    const std::size_t size = ZSTD_compressCCtx(compressor, scratch.data(), scratch.size(),
                                               raw.data(), raw.size(), level);
    CHECK(ZSTD_isError(size) == 0);  // only out of memory remains: the bound is right
    return std::string_view(scratch).substr(0, size);
  }
};

FrameCodec::FrameCodec() : contexts_(std::make_unique<Contexts>()) {}
FrameCodec::~FrameCodec() = default;
FrameCodec::FrameCodec(FrameCodec&&) noexcept = default;
FrameCodec& FrameCodec::operator=(FrameCodec&&) noexcept = default;

std::string FrameCodec::compress(std::string_view raw) {
  return std::string(contexts_->compress(raw));
}

std::string FrameCodec::seal(std::string_view key, std::string_view raw) {
  std::string_view content = raw;
  std::uint8_t flags = 0;
  if (raw.size() >= worth_compressing) {
    const std::string_view compressed = contexts_->compress(raw);
    if (compressed.size() < raw.size()) {
      content = compressed;
      flags = flag_zstd;
    }
  }
  std::string frame;
  frame.reserve(content.size() + 16 + checksum_bytes);
  frame.push_back(static_cast<char>(frame_version));
  frame.push_back(static_cast<char>(flags));
  put_varint(frame, raw.size());
  frame += content;
  put_fixed(frame, checksum(key, frame));
  return frame;
}

Result<std::string> FrameCodec::open(std::string_view key, std::string_view frame) {
  if (frame.size() < 3 + checksum_bytes) return damaged("is too short");
  const std::string_view body = frame.substr(0, frame.size() - checksum_bytes);
  if (ByteReader(frame.substr(body.size())).fixed<std::uint64_t>() != checksum(key, body)) {
    return damaged("has a wrong checksum");
  }
  ByteReader in(body);
  const auto version = in.fixed<std::uint8_t>();
  if (version != frame_version && version != keyless_version)
    return damaged("has an unknown version");
  const auto flags = in.fixed<std::uint8_t>();
  const std::uint64_t raw_size = in.varint();
  if (!in.is_ok() || raw_size > max_raw_bytes) return damaged("has a wrong size");
  if ((flags & flag_zstd) == 0) {
    if (in.rest().size() != raw_size) return damaged("has a wrong size");
    return std::string(in.rest());
  }
  std::string raw(static_cast<std::size_t>(raw_size), '\0');
  const std::size_t size = ZSTD_decompressDCtx(contexts_->decompressor, raw.data(), raw.size(),
                                               in.rest().data(), in.rest().size());
  if (ZSTD_isError(size) != 0 || size != raw_size) return damaged("does not decompress");
  return raw;
}

}  // namespace sluice
