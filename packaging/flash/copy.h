// Copy: the three passes over an image. Nothing is written before the first one has found every
// checksum right.
//
//   check_image   image ---> sha256 of each range = the bmap's
//   write_image   image ---> disk, only the ranges; the head last, so that an interrupted disk
//                            does not boot half an image
//   read_back     disk ----> sha256 of each range = the bmap's
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "core/result.h"
#include "packaging/flash/bmap.h"
#include "packaging/flash/copy_progress.h"
#include "packaging/flash/disk.h"
#include "packaging/flash/image_reader.h"

namespace sluice {

struct CheckedImage {
  Bmap bmap;         // with all checksums
  std::string head;  // the first image_head_bytes, to find partitions; unmapped parts are zeros
};

// Without a bmap the whole image becomes one range whose checksum is taken from the image itself.
// `stop` ends each pass between two chunks.
//   bad_input  the image is not what the bmap says; the message names the place
//   try_later  stopped
Result<CheckedImage> check_image(ImageReader& image, std::optional<Bmap> bmap,
                                 CopyProgress& progress, const std::atomic<bool>& stop);

//   corrupt    the disk does not take it
Result<void> write_image(ImageReader& image, const Bmap& bmap, Disk& disk, CopyProgress& progress,
                         const std::atomic<bool>& stop);

//   corrupt    the disk holds something else than was written; the message names the place
Result<void> read_back(Disk& disk, const Bmap& bmap, CopyProgress& progress,
                       const std::atomic<bool>& stop);

}  // namespace sluice
