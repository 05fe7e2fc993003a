#include "tests/sim/account.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice::sim {
namespace {

// "//box/floor/floor-1" -> "floor"
std::string source_name(const std::string& source) {
  const std::size_t from = source.find('/', 2) + 1;
  return source.substr(from, source.find('/', from) - from);
}

Timestamp end_of(const std::string& start) {
  return parse_timestamp(start).value() + Account::window;
}

}  // namespace

void Account::take_body(std::string_view body) {
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    CHECK(end != std::string_view::npos);
    take_line(body.substr(0, end));
    body.remove_prefix(end + 1);
  }
}

void Account::take_line(std::string_view line) {
  const auto event = nlohmann::json::parse(line, nullptr, false);
  if (event.is_discarded()) return complain("no JSON: " + std::string(line));
  const std::string id = event.at("id");
  const std::string type = event.at("type");
  const auto [known, is_new] = contents_.try_emplace({event.at("source"), id}, std::string(line));
  if (!is_new) {
    ++repeats_;
    if (known->second != line) {
      complain("two contents under one id: " + known->second + " and " + std::string(line));
    }
    return;
  }
  const auto& data = event.at("data");
  if (type == "sluice.event") {
    const std::pair<std::string, std::uint64_t> name(data.at("device"), data.at("seq"));
    const Reading reading{id, source_name(event.at("source")), data.at("ts"), data.at("value")};
    const auto [other, is_first] = readings_.emplace(name, reading);
    if (!is_first) {
      complain("reading " + name.first + "/" + std::to_string(name.second) +
               " is there twice, as " + other->second.id + " and " + id);
    }
  } else if (type == "sluice.window") {
    const WindowName name(event.at("subject"), event.at("windowstart"));
    const std::uint64_t revision = event.at("revision");
    const Result result{id, {data.at("n"), data.at("total"), data.at("last")}};
    if (revision > 0) ++later_revisions_;
    const auto [other, is_first] = windows_[name].emplace(revision, result);
    if (!is_first) {
      complain("revision " + std::to_string(revision) + " of a window is there twice, as " +
               other->second.id + " and " + id + ": " + text(name, result.sums));
    }
  } else {
    complain("unexpected event: " + std::string(line));
  }
}

void Account::check_arrived(const std::vector<Device>& devices) const {
  for (const Device& device : devices) {
    for (const std::uint64_t seq : device.acknowledged()) {
      if (readings_.contains({device.name(), seq})) continue;
      complain("LOST: reading " + device.name() + "/" + std::to_string(seq) +
               " was acknowledged and is nowhere");
    }
  }
}

std::map<Account::WindowName, Account::Sums> Account::expected_windows(Timestamp closed) const {
  std::map<WindowName, Sums> expected;
  for (const auto& [name, reading] : readings_) {
    if (std::ranges::find(windowed_, reading.source) == windowed_.end()) continue;
    const Timestamp time = parse_timestamp(reading.time).value();
    const Timestamp start(time.time_since_epoch() / window * window);
    if (start + window > closed) continue;
    Sums& sums = expected[{name.first, format_timestamp(start)}];
    ++sums.events;
    sums.total += reading.value;
    sums.highest_seq = std::max(sums.highest_seq, static_cast<std::int64_t>(name.second));
  }
  return expected;
}

void Account::check_windows(Timestamp closed) const {
  auto expected = expected_windows(closed);
  for (const auto& [name, revisions] : windows_) {
    if (end_of(name.second) > closed) continue;
    const auto& [revision, last] = *revisions.rbegin();
    if (revisions.size() != revision + 1) {
      complain("revisions are missing: of " + text(name, last.sums) + " there are " +
               std::to_string(revisions.size()) + ", the last is " + std::to_string(revision));
    }
    const auto found = expected.find(name);
    if (found == expected.end()) {
      complain("a window without readings: " + text(name, last.sums));
      continue;
    }
    if (found->second != last.sums) {
      complain("WINDOW: expected " + text(name, found->second) + ", got " + text(name, last.sums));
    }
    expected.erase(found);
  }
  for (const auto& [name, sums] : expected) complain("no window came of " + text(name, sums));
}

std::string Account::text(const WindowName& name, const Sums& sums) {
  return name.first + " from " + name.second + ": n " + std::to_string(sums.events) + ", total " +
         std::to_string(sums.total) + ", last " + std::to_string(sums.highest_seq);
}

}  // namespace sluice::sim
