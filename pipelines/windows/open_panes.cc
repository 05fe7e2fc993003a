#include "pipelines/windows/open_panes.h"

#include <algorithm>
#include <utility>

#include "core/result.h"

namespace sluice {

std::vector<OpenPane>::iterator OpenPanes::first_not_before(Timestamp end) {
  return std::ranges::lower_bound(panes_, end, {},
                                  [](const OpenPane& pane) { return pane.span.end; });
}

OpenPane* OpenPanes::find(Timestamp end) {
  // Most events fall into the latest window.
  if (!panes_.empty() && panes_.back().span.end == end) return &panes_.back();
  const auto found = first_not_before(end);
  return found != panes_.end() && found->span.end == end ? &*found : nullptr;
}

OpenPane& OpenPanes::open(Span span, Pane pane) {
  return *panes_.insert(first_not_before(span.end), OpenPane{span, 0, false, std::move(pane)});
}

OpenPane OpenPanes::close(Timestamp end) {
  const auto found = first_not_before(end);
  CHECK(found != panes_.end() && found->span.end == end);
  OpenPane closed = std::move(*found);
  panes_.erase(found);
  return closed;
}

void OpenPanes::save(std::string& out) const {
  put_varint(out, panes_.size());
  for (const OpenPane& pane : panes_) {
    put_signed(out, pane.span.start.time_since_epoch().count());
    put_signed(out, pane.span.end.time_since_epoch().count());
    put_varint(out, pane.revision);
    put_fixed<std::uint8_t>(out, pane.is_due ? 1 : 0);
    pane.pane.save(out);
  }
}

void OpenPanes::load(ByteReader& in, const Emit& emit) {
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
    OpenPane pane;
    pane.span.start = Timestamp(Duration(in.signed_varint()));
    pane.span.end = Timestamp(Duration(in.signed_varint()));
    pane.revision = static_cast<std::uint32_t>(in.varint());
    pane.is_due = in.fixed<std::uint8_t>() != 0;
    pane.pane = emit.load_pane(in);
    const bool is_sorted = panes_.empty() || panes_.back().span.end < pane.span.end;
    if (pane.span.start >= pane.span.end || !is_sorted) in.fail();
    if (in.is_ok()) panes_.push_back(std::move(pane));
  }
  if (count == 0) in.fail();
}

std::size_t OpenPanes::heap_bytes() const {
  std::size_t bytes = list_bytes();
  for (const OpenPane& pane : panes_) bytes += pane.pane.heap_bytes();
  return bytes;
}

}  // namespace sluice
