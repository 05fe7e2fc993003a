#include "firmware-sim/fleet/fleet.h"

#include <algorithm>

namespace sluice::sim {
namespace {

// So long the fleet sleeps at most: a signal may have come just before.
constexpr double longest_wait_ms = 200;

}  // namespace

Fleet::Fleet(const FleetSpec& spec, World& world)
    : world_(world),
      phases_(spec.course()),
      patience_(std::chrono::duration_cast<std::chrono::milliseconds>(spec.drain)) {}

Result<std::unique_ptr<Fleet>> Fleet::make(const FleetSpec& spec, World& world, Tally& tally,
                                           std::int64_t unix_ms) {
  std::unique_ptr<Fleet> fleet(new Fleet(spec, world));
  for (const auto& [name, kind_spec] : spec.kinds) {
    auto& kind = fleet->kinds_.emplace_back(TRY(make_kind(name, kind_spec, spec, unix_ms)));
    for (std::uint32_t i = 0; i < kind_spec.count; ++i) {
      const auto link = static_cast<World::Link>(fleet->devices_.size());
      fleet->devices_.push_back(std::make_unique<Device>(
          *kind, i, link, Device::Surroundings{world, tally, fleet->phases_}));
    }
  }
  fleet->due_ms_.assign(fleet->devices_.size(), Episodes::never);
  return fleet;
}

std::vector<Protocol> Fleet::protocols(const FleetSpec& spec) {
  std::vector<Protocol> all;
  for (const auto& [name, kind] : spec.kinds) all.insert(all.end(), kind.count, kind.protocol);
  return all;
}

void Fleet::show_every(double milliseconds, std::function<void()> show) {
  show_every_ms_ = milliseconds;
  show_at_ms_ = milliseconds;
  show_ = std::move(show);
}

void Fleet::show_if_due(double now_ms) {
  if (now_ms < show_at_ms_) return;
  show_();
  show_at_ms_ = now_ms + show_every_ms_;
}

void Fleet::run_device(World::Link link, double now_ms) {
  Device& device = *devices_[link];
  waiting_ -= device.waiting();
  on_ -= device.is_on() ? 1 : 0;
  const double due = device.run(now_ms);
  waiting_ += device.waiting();
  on_ += device.is_on() ? 1 : 0;
  if (due == due_ms_[link]) return;
  due_ms_[link] = due;
  if (due < Episodes::never) queue_.push({due, link});
}

void Fleet::run_due(double now_ms) {
  while (!queue_.empty() && queue_.top().at_ms <= now_ms) {
    const Due due = queue_.top();
    queue_.pop();
    if (due.at_ms != due_ms_[due.device]) continue;
    due_ms_[due.device] = Episodes::never;  // its entry is gone
    run_device(due.device, now_ms);
  }
}

void Fleet::start_draining() {
  // What was due before the end is measured first, however late we are.
  const double now_ms = world_.now_ms();
  for (World::Link link = 0; link < devices_.size(); ++link) run_device(link, now_ms);
  is_draining_ = true;
  for (World::Link link = 0; link < devices_.size(); ++link) {
    on_ -= devices_[link]->is_on() ? 1 : 0;
    devices_[link]->drain();
    on_ += devices_[link]->is_on() ? 1 : 0;
    run_device(link, now_ms);
  }
}

void Fleet::run(const std::atomic<int>& stops) {
  for (World::Link link = 0; link < devices_.size(); ++link) run_device(link, 0);
  std::vector<World::Link> ready;
  std::int64_t give_up_at = 0;
  while (true) {
    const double now_ms = world_.now_ms();
    run_due(now_ms);
    if (!is_draining_ && (now_ms >= phases_.end_ms() || stops > 0)) {
      start_draining();
      give_up_at = world_.wall_ms() + patience_.count();
    }
    if (is_draining_ && (waiting_ == 0 || stops > 1 || world_.wall_ms() >= give_up_at)) break;
    show_if_due(now_ms);
    double until = std::min(now_ms + longest_wait_ms, show_at_ms_);
    if (!is_draining_) until = std::min(until, phases_.end_ms());
    if (!queue_.empty()) until = std::min(until, queue_.top().at_ms);
    ready.clear();
    world_.wait(until, ready);
    const double then_ms = world_.now_ms();
    for (const World::Link link : ready) run_device(link, then_ms);
  }
  for (const auto& device : devices_) device->finish();
}

}  // namespace sluice::sim
