#include "pipelines/windows/pane_merger.h"

namespace sluice {

const Pane& PaneMerger::both(const Pane& earlier, const Pane& later) {
  if (scratch_) {
    core_.assign(*scratch_, earlier);
  } else {
    scratch_ = core_.copy(earlier);
  }
  core_.merge(*scratch_, later);
  return *scratch_;
}

void PaneMerger::forget(Slot slot) {
  if (slot >= merged_.size()) return;
  const std::size_t bytes = core_.pane_bytes();
  clear(merged_[slot]);
  pane_bytes_ -= bytes - core_.pane_bytes();
}

void PaneMerger::forget_all() {
  const std::size_t bytes = core_.pane_bytes();
  for (Merged& merged : merged_) clear(merged);
  merged_ = std::vector<Merged>();
  if (scratch_) core_.close(*std::exchange(scratch_, std::nullopt));
  pane_bytes_ -= bytes - core_.pane_bytes();
}

void PaneMerger::clear(Merged& merged) {
  for (Pane& pane : merged.before) core_.close(std::move(pane));
  if (merged.behind) core_.close(*std::move(merged.behind));
  list_bytes_ -= merged.before.capacity() * sizeof(Pane);
  merged = Merged();
}

}  // namespace sluice
