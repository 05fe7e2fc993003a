#include "gateway/buffer/verify.h"

#include <algorithm>

#include "core/bytes.h"
#include "drivers/codecs/json.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/keys.h"
#include "storage/outbox.h"
#include "storage/quarantine.h"
#include "storage/records.h"

namespace sluice {
namespace {

const char* kind_of(std::string_view key) {
  switch (key[0]) {
    case keys::source_state:
      return "session";
    case keys::dead_letter:
      return "dead letters";
    case keys::epoch:
      return "configuration";
    case keys::head:
      return "positions";
    case keys::journal:
      return "journal";
    case keys::outbox:
      return "outbox";
    case keys::quarantine:
      return "quarantine";
    case keys::snapshot:
      return "snapshot";
    default:
      return "store";
  }
}

std::string name_of(std::string_view key) {
  ByteReader in(key.substr(1));
  std::string kind = kind_of(key);
  switch (key[0]) {
    case keys::outbox: {
      const auto sink = in.big_endian<std::uint16_t>();
      const auto lane = in.big_endian<std::uint8_t>();
      return kind + " of sink " + std::to_string(sink) + ", lane " + std::to_string(lane) +
             ", from " + std::to_string(in.big_endian<std::uint64_t>());
    }
    case keys::journal:
    case keys::dead_letter:
    case keys::epoch:
    case keys::snapshot:
      return kind + " " + std::to_string(in.big_endian<std::uint64_t>());
    default:
      return kind;
  }
}

class Verifier {
 public:
  Verifier(const Store& store, VerifyReport& report) : store_(store), report_(report) {}

  // One short read for each stretch of keys: a reader that lingers keeps dead pages.
  Result<void> run(const std::function<void(double)>& progress, std::uint64_t all_bytes) {
    std::string from(1, '\0');
    std::uint64_t seen = 0;
    for (bool has_more = true; has_more;) {
      has_more = false;
      std::size_t looked = 0;
      TRY(store_.scan(from, "\xFF", [&](std::string_view key, std::string_view value) {
        if (looked >= bytes_per_read) {
          from = key;
          has_more = true;
          return false;
        }
        looked += key.size() + value.size();
        take(key, value);
        return true;
      }));
      seen += looked;
      if (progress)
        progress(std::min(1.0, static_cast<double>(seen) /
                                   static_cast<double>(std::max<std::uint64_t>(1, all_bytes))));
    }
    finish();
    return {};
  }

 private:
  static constexpr std::size_t bytes_per_read = 4 * 1024 * 1024;

  void take(std::string_view key, std::string_view value) {
    KindCount& kind = report_.kinds[kind_of(key)];
    kind.bytes += key.size() + value.size();
    const keys::Shape shape = keys::shape_of(key);
    const std::string_view record = shape.has_parts ? key.substr(0, key.size() - 1) : key;
    if (record == record_) {
      frame_ += value;
      return;
    }
    finish();
    ++kind.records;
    if (!shape.is_record || key == keys::key_check) return;
    if (key == keys::store_id && value.size() == 16) return;  // of format 1
    record_ = record;
    frame_ = value;
  }

  void finish() {
    if (record_.empty()) return;
    if (const auto opened = codec_.open(record_, frame_); !opened)
      report_.damaged.push_back({record_, name_of(record_), opened.error().message});
    record_.clear();
  }

  const Store& store_;
  VerifyReport& report_;
  FrameCodec codec_;
  std::string record_;
  std::string frame_;
};

}  // namespace

Result<VerifyReport> verify_store(const LmdbStore& file, const Store& store,
                                  const std::function<void(double)>& progress) {
  VerifyReport report;
  report.fault = file.find_fault({});
  if (report.fault) return report;  // LMDB must not walk through it
  TRY(Verifier(store, report).run(progress, store.usage().used_bytes));
  return report;
}

Result<std::uint64_t> quarantine_damaged(Store& store, const VerifyReport& report) {
  FrameCodec codec;
  for (const DamagedRecord& damaged : report.damaged) {
    WriteBatch batch;
    TRY(put_quarantine(store, batch, damaged.key));
    TRY(store.scan_keys(damaged.key, keys::after(damaged.key), [&](std::string_view part) {
      batch.erase(std::string(part));
      return true;
    }));
    if (damaged.key[0] == keys::outbox) {
      ByteReader in(std::string_view(damaged.key).substr(1));
      LaneId lane;
      lane.sink = in.big_endian<std::uint16_t>();
      lane.lane = in.big_endian<std::uint8_t>();
      const auto first = in.big_endian<std::uint64_t>();
      const FoundFrame next = TRY(read_at_or_after(store, keys::lane_prefix(lane), first + 1));
      const std::uint64_t end = next.is_found ? next.frame.number : first + 1;
      put_gap(batch, codec, lane, first, {}, {end - first, {}, {}, "corrupt: " + damaged.reason});
    }
    TRY(store.commit(batch));
  }
  return std::uint64_t{report.damaged.size()};
}

std::string verify_json(const VerifyReport& report) {
  std::string out =
      std::string("{\"good\":") + (report.is_good() ? "true" : "false") + ",\"fault\":";
  if (report.fault) {
    append_json_string(out, *report.fault);
  } else {
    out += "null";
  }
  out += ",\"kinds\":{";
  for (const auto& [name, count] : report.kinds) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ":{\"records\":" + std::to_string(count.records) +
           ",\"bytes\":" + std::to_string(count.bytes) + "}";
  }
  out += "},\"damaged\":[";
  for (const DamagedRecord& damaged : report.damaged) {
    if (out.back() != '[') out += ',';
    out += "{\"record\":";
    append_json_string(out, damaged.name);
    out += ",\"reason\":";
    append_json_string(out, damaged.reason);
    out += '}';
  }
  return out + "]}";
}

}  // namespace sluice
