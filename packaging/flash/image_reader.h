// ImageReader: the bytes of an image, from its beginning to its end, whatever it is packed with.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"

namespace sluice {

class ImageReader {
 public:
  virtual ~ImageReader() = default;

  // Opens a plain image or one that is compressed with zstd; told apart by their first bytes.
  //   bad_input  it cannot be read
  static Result<std::unique_ptr<ImageReader>> open(const std::string& path);

  // Fills `into`, except at the image's end. Gives the bytes read.
  //   bad_input  the file is damaged or cannot be read
  virtual Result<std::size_t> read(std::span<char> into) = 0;

  // Goes on `bytes` further.
  virtual Result<void> skip(std::uint64_t bytes) = 0;
};

}  // namespace sluice
