#include "storage/salvage.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "storage/frame.h"
#include "storage/head.h"
#include "storage/keys.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr std::size_t batch_bytes = 1024 * 1024;
// Parts of large records that wait for their others.
constexpr std::size_t max_waiting_bytes = 256ULL << 20;

// Of two heads the one with the greater age was written later.
auto age(const Head& head) {
  std::uint64_t positions = 0;
  for (const auto& [lane, state] : head.lanes) positions += state.shipped + state.next;
  return std::tuple(head.next_block, head.next_sequence, positions, head.engine_time);
}

class Salvage {
 public:
  Salvage(const LmdbFile& file, const Unwrap& unwrap, Store& into,
          const std::function<void(double)>& progress, bool is_in_use)
      : file_(file), unwrap_(unwrap), into_(into), progress_(progress), is_in_use_(is_in_use) {}

  Result<SalvageReport> run() {
    if (is_in_use_) {
      std::uint64_t damaged = 0;
      head_ = TRY(recover_head(into_, codec_, damaged));
    } else {
      find_head();
    }
    file_.visit_trees([&](std::string_view key, std::string_view value) { look(key, value, true); },
                      [&](std::string_view key) { return is_wanted(key, true); });
    finish_parts(true);
    file_.scan_pages(
        [&](std::string_view key, std::string_view value) { look(key, value, false); },
        [&](std::uint64_t pages) {
          if (progress_)
            progress_(static_cast<double>(pages) / static_cast<double>(file_.page_count()));
        },
        [&](std::string_view key) { return is_wanted(key, false); });
    finish_parts(false);
    if (!head_value_.empty()) batch_.put(std::string(1, keys::head), head_value_);
    TRY(flush(0));
    if (failure_) return *failure_;
    return report_;
  }

 private:
  // Heads of many ages lie on the pages: the one that knows the most was the last.
  void find_head() {
    const auto is_head = [](std::string_view key) {
      return key == std::string_view(&keys::head, 1);
    };
    const auto consider = [&](std::string_view key, std::string_view stored) {
      const auto value = unwrap_(key, stored);
      if (!value) return;
      const auto raw = codec_.open(key, *value);
      if (!raw) return;
      auto head = decode_head(*raw);
      if (!head) return;
      if (head_ && age(*head) <= age(*head_)) return;
      head_ = std::move(*head);
      head_value_ = stored;
    };
    file_.visit_trees(consider, is_head);
    file_.scan_pages(consider, {}, is_head);
  }

  // Whether the value under this key is worth reading: hardly any is once the trees were walked.
  bool is_wanted(std::string_view key, bool is_in_tree) const {
    const keys::Shape shape = keys::shape_of(key);
    if (!shape.is_record || key[0] == keys::head || failure_) return false;
    if (!is_in_tree && is_behind(key)) return false;
    return !taken_.contains(record_of(key, shape));
  }

  static std::string record_of(std::string_view key, const keys::Shape& shape) {
    return std::string(shape.has_parts ? key.substr(0, key.size() - 1) : key);
  }

  void look(std::string_view key, std::string_view stored, bool is_in_tree) {
    const keys::Shape shape = keys::shape_of(key);
    const std::string record = record_of(key, shape);
    if (is_in_use_) {
      // A store id, positions and sessions are its own; and what it has stays.
      if (key[0] == keys::meta || key[0] == keys::source_state || is_behind(key)) return;
      const auto present = into_.get(key);
      if (!present || *present) return;
    }
    const auto value = unwrap_(key, stored);
    if (!value) {
      damaged(is_in_tree);
      return;
    }
    const auto part = static_cast<std::uint8_t>(shape.has_parts ? key.back() : 0);
    if (shape.has_parts && (part != 0 || value->size() == max_part_bytes)) {
      keep_part(record, part, {std::string(stored), *value});
      return;
    }
    if (codec_.open(record, *value) || is_without_frame(record, *value)) {
      take(record, {{std::string(key), std::string(stored)}});
    } else {
      damaged(is_in_tree);
    }
  }

  // What upstream has, or nobody needs any more.
  bool is_behind(std::string_view key) const {
    if (!head_) return false;
    ByteReader in(key.substr(1));
    if (key[0] == keys::dead_letter)
      return in.big_endian<std::uint64_t>() < head_->first_dead_letter;
    if (key[0] != keys::outbox) return false;
    LaneId lane;
    lane.sink = in.big_endian<std::uint16_t>();
    lane.lane = in.big_endian<std::uint8_t>();
    const auto known = head_->lanes.find(lane);
    return known != head_->lanes.end() && in.big_endian<std::uint64_t>() < known->second.shipped;
  }

  static bool is_without_frame(std::string_view key, std::string_view value) {
    if (key == keys::key_check) return true;
    return key == keys::store_id && value.size() == 16 &&
           value.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  }

  void damaged(bool is_in_tree) {
    if (is_in_tree) ++report_.damaged;
  }

  struct Part {
    std::string stored;
    std::string value;
  };

  void keep_part(const std::string& record, std::uint8_t part, Part version) {
    auto& versions = parts_[record][part];
    if (std::ranges::find(versions, version.stored, &Part::stored) != versions.end()) return;
    if (waiting_bytes_ + version.stored.size() > max_waiting_bytes) return;
    waiting_bytes_ += version.stored.size();
    versions.push_back(std::move(version));
  }

  // Large records whose parts are all there. A key is hardly ever written twice: the first versions
  // of all parts are tried together, then the last.
  void finish_parts(bool is_in_tree) {
    for (const auto& [record, parts] : parts_) {
      if (!take_parts(record, parts, true) && !take_parts(record, parts, false))
        damaged(is_in_tree);
    }
    parts_.clear();
    waiting_bytes_ = 0;
  }

  using Parts = std::map<std::uint8_t, std::vector<Part>>;
  bool take_parts(const std::string& record, const Parts& parts, bool is_first_version) {
    std::string frame;
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [number, versions] : parts) {
      if (number != pairs.size()) return false;
      const Part& part = is_first_version ? versions.front() : versions.back();
      frame += part.value;
      pairs.emplace_back(record + static_cast<char>(number), part.stored);
      if (!codec_.open(record, frame)) continue;
      take(record, std::move(pairs));
      return true;
    }
    return false;
  }

  void take(const std::string& record, std::vector<std::pair<std::string, std::string>> pairs) {
    taken_.insert(record);
    ++report_.records;
    for (auto& [key, stored] : pairs) {
      report_.bytes += stored.size();
      batch_.put(std::move(key), std::move(stored));
    }
    if (auto flushed = flush(batch_bytes); !flushed) failure_ = flushed.error();
  }

  Result<void> flush(std::size_t above) {
    if (batch_.empty() || batch_.bytes() < above) return {};
    TRY(into_.commit(batch_));
    batch_.clear();
    return {};
  }

  const LmdbFile& file_;
  const Unwrap& unwrap_;
  Store& into_;
  const std::function<void(double)>& progress_;
  const bool is_in_use_;
  FrameCodec codec_;
  std::optional<Head> head_;
  std::string head_value_;  // as it lay in the file
  std::set<std::string, std::less<>> taken_;
  std::map<std::string, Parts> parts_;
  std::size_t waiting_bytes_ = 0;
  WriteBatch batch_;
  SalvageReport report_;
  std::optional<Error> failure_;
};

}  // namespace

Result<SalvageReport> salvage(const LmdbFile& file, const Unwrap& unwrap, Store& into,
                              const std::function<void(double)>& progress) {
  return Salvage(file, unwrap, into, progress, false).run();
}

Result<SalvageReport> salvage_missing(const LmdbFile& file, const Unwrap& unwrap, Store& into,
                                      const std::function<void(double)>& progress) {
  return Salvage(file, unwrap, into, progress, true).run();
}

}  // namespace sluice
