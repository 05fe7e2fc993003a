#include "packaging/flash/copy_progress.h"

#include <algorithm>
#include <utility>

#include "packaging/flash/units.h"

namespace sluice {

CopyProgress::CopyProgress(std::string what, std::uint64_t total_bytes)
    : bar_(std::move(what)), total_(std::max<std::uint64_t>(total_bytes, 1)) {}

void CopyProgress::add(std::uint64_t bytes) {
  done_ += bytes;
  bar_.show(static_cast<double>(done_) / static_cast<double>(total_), speed_text(done_, spent()));
}

std::string CopyProgress::summary() const {
  return size_text(done_) + " in " + seconds_text(spent()) + ", " + speed_text(done_, spent());
}

}  // namespace sluice
