#include "packaging/flash/copy.h"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "packaging/flash/partition_table.h"
#include "packaging/flash/sha256.h"
#include "packaging/flash/units.h"

namespace sluice {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{4} << 20;
// Held back until the end: partition table and boot sectors.
constexpr std::size_t held_head_bytes = std::size_t{1} << 20;

Error stopped() { return Error{ErrorKind::try_later, "interrupted"}; }

std::string place_of(const MappedRange& range) {
  return "bytes " + std::to_string(range.offset) + " to " +
         std::to_string(range.offset + range.bytes - 1);
}

// Takes a chunk of a range and where it lies in the image.
using TakeChunk = std::function<Result<void>(std::uint64_t offset, std::span<const char> bytes)>;

// One range of an image, chunk by chunk; the image stands at the range's beginning.
Result<void> walk_range(ImageReader& image, const MappedRange& range, std::vector<char>& buffer,
                        const std::atomic<bool>& stop, const TakeChunk& take) {
  for (std::uint64_t done = 0; done < range.bytes;) {
    if (stop.load()) return stopped();
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), range.bytes - done);
    const std::size_t count = TRY(image.read({buffer.data(), wanted}));
    if (count < wanted) {
      return Error{ErrorKind::bad_input, "the image ends at byte " +
                                             std::to_string(range.offset + done + count) +
                                             ", before the bmap does: it was cut short"};
    }
    TRY(take(range.offset + done, {buffer.data(), count}));
    done += count;
  }
  return {};
}

// All ranges; `end_range` is called after each one's last chunk.
Result<void> walk_image(ImageReader& image, const Bmap& bmap, const std::atomic<bool>& stop,
                        const TakeChunk& take,
                        const std::function<Result<void>(const MappedRange&)>& end_range) {
  std::vector<char> buffer(chunk_bytes);
  std::uint64_t position = 0;
  for (const MappedRange& range : bmap.ranges) {
    TRY(image.skip(range.offset - position));
    TRY(walk_range(image, range, buffer, stop, take));
    TRY(end_range(range));
    position = range.offset + range.bytes;
  }
  return {};
}

void keep_head(std::string& head, std::uint64_t offset, std::span<const char> bytes) {
  if (offset >= head.size()) return;
  const auto begin = static_cast<std::size_t>(offset);
  const std::size_t count = std::min(bytes.size(), head.size() - begin);
  std::copy_n(bytes.begin(), count, head.begin() + static_cast<std::ptrdiff_t>(begin));
}

// The image's size is known only at its end.
Result<CheckedImage> measure_image(ImageReader& image, CopyProgress& progress,
                                   const std::atomic<bool>& stop) {
  CheckedImage checked;
  checked.head.assign(image_head_bytes, '\0');
  std::vector<char> buffer(chunk_bytes);
  Sha256 sum;
  std::uint64_t size = 0;
  for (;;) {
    if (stop.load()) return stopped();
    const std::size_t count = TRY(image.read(buffer));
    if (count == 0) break;
    const std::span<const char> bytes(buffer.data(), count);
    sum.update(bytes);
    keep_head(checked.head, size, bytes);
    size += count;
    progress.add(count);
  }
  if (size == 0) return Error{ErrorKind::bad_input, "the image is empty"};
  checked.bmap = {size, {{0, size, sum.finish()}}};
  return checked;
}

}  // namespace

Result<CheckedImage> check_image(ImageReader& image, std::optional<Bmap> bmap,
                                 CopyProgress& progress, const std::atomic<bool>& stop) {
  if (!bmap) return measure_image(image, progress, stop);
  CheckedImage checked{std::move(*bmap), std::string(image_head_bytes, '\0')};
  Sha256 sum;
  const auto take = [&](std::uint64_t offset, std::span<const char> bytes) -> Result<void> {
    sum.update(bytes);
    keep_head(checked.head, offset, bytes);
    progress.add(bytes.size());
    return {};
  };
  const auto end_range = [&](const MappedRange& range) -> Result<void> {
    if (sum.finish() == range.sha256) return {};
    return Error{ErrorKind::bad_input,
                 "the image is not the one that was signed: " + place_of(range) + " differ"};
  };
  TRY(walk_image(image, checked.bmap, stop, take, end_range));
  return checked;
}

Result<void> write_image(ImageReader& image, const Bmap& bmap, Disk& disk, CopyProgress& progress,
                         const std::atomic<bool>& stop) {
  struct Held {
    std::uint64_t offset;
    std::vector<char> bytes;
  };
  std::vector<Held> held;
  const std::vector<char> zeros(std::min<std::uint64_t>(held_head_bytes, bmap.image_bytes));
  TRY(disk.write(0, zeros));  // from now on it is no disk with the old contents either
  const auto take = [&](std::uint64_t offset, std::span<const char> bytes) -> Result<void> {
    progress.add(bytes.size());
    if (offset < zeros.size()) {
      const std::size_t count = std::min<std::uint64_t>(bytes.size(), zeros.size() - offset);
      held.push_back({offset, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)}});
      offset += count;
      bytes = bytes.subspan(count);
    }
    if (bytes.empty()) return {};
    return disk.write(offset, bytes);
  };
  TRY(walk_image(image, bmap, stop, take, [](const MappedRange&) { return Result<void>(); }));
  TRY(disk.sync());
  for (const Held& part : held) TRY(disk.write(part.offset, part.bytes));
  return disk.sync();
}

Result<void> read_back(Disk& disk, const Bmap& bmap, CopyProgress& progress,
                       const std::atomic<bool>& stop) {
  std::vector<char> buffer(chunk_bytes);
  Sha256 sum;
  for (const MappedRange& range : bmap.ranges) {
    for (std::uint64_t done = 0; done < range.bytes;) {
      if (stop.load()) return stopped();
      const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), range.bytes - done);
      TRY(disk.read(range.offset + done, {buffer.data(), wanted}));
      sum.update({buffer.data(), wanted});
      progress.add(wanted);
      done += wanted;
    }
    if (sum.finish() != range.sha256) {
      return Error{ErrorKind::corrupt, "reads back differently than it was written in " +
                                           place_of(range) + ": the medium is bad or counterfeit"};
    }
  }
  return {};
}

}  // namespace sluice
