#include "firmware-sim/fleet/account.h"

#include "core/value.h"
#include "firmware-sim/common/json_line.h"
#include "firmware-sim/common/live_line.h"

namespace sluice::sim {
namespace {

constexpr int examples_per_kind = 5;

}  // namespace

void Accountant::received(const ReceivedRecord& record) {
  if (!ids_.emplace(record.source, record.id, record.seq).second) {
    ++account_.repeats;
    return;
  }
  if (record.window) {
    const bool is_new =
        windows_.insert(record.source + '\n' + record.window->key + '\n' + record.window->start)
            .second;
    if (is_new) ++account_.windows;
    return;
  }
  if (record.seq == 0) {
    ++account_.others;
    return;
  }
  const Reading reading{record.device, record.boot, record.seq};
  Arrival& arrival = arrivals_[reading];
  if (++arrival.ids > 1) {
    ++account_.duplicated;
    example("duplicated", reading, arrival.last_id + " and " + record.id);
  } else {
    arrival.received_ms = record.received_ms;
    auto& newest = newest_[record.device];
    const std::pair now{record.boot, record.seq};
    if (now < newest) {
      ++account_.reordered;
      example("reordered", reading, "after seq " + std::to_string(newest.second));
    } else {
      newest = now;
    }
  }
  arrival.last_id = record.id;
}

Accountant::Arrival* Accountant::find(const SentRecord& record) {
  auto found = arrivals_.find({record.device, record.boot, record.seq});
  // A pipeline may have left out the boot.
  if (found == arrivals_.end()) found = arrivals_.find({record.device, 0, record.seq});
  return found == arrivals_.end() ? nullptr : &found->second;
}

void Accountant::delivered(const SentRecord& record, const Arrival& arrival) {
  ++account_.delivered;
  if (!record.acked_ms) ++account_.delivered_unacknowledged;
  const std::int64_t under_way_ms = arrival.received_ms - record.sent_ms;
  if (late_after_.count() == 0 || under_way_ms <= late_after_.count()) return;
  ++account_.late;
  example("late", {record.device, record.boot, record.seq},
          std::to_string(under_way_ms) + " ms after it was first sent");
}

void Accountant::sent(const SentRecord& record) {
  ++account_.sent;
  const bool is_acknowledged = record.acked_ms.has_value();
  if (is_acknowledged) ++account_.acknowledged;

  const Reading reading{record.device, record.boot, record.seq};
  if (Arrival* const arrival = find(record)) {
    arrival->is_known = true;
    if (record.expect == Expect::deliver) {
      delivered(record, *arrival);
    } else {
      ++account_.wrongly_delivered;
      example("wrongly delivered", reading, "expected: " + std::string(name_of(record.expect)));
    }
  } else if (!is_acknowledged) {
    ++account_.unacknowledged;
  } else if (record.expect == Expect::filtered) {
    ++account_.filtered;
  } else if (record.expect == Expect::reject) {
    ++account_.rejected;
  } else {
    ++account_.lost;
    example("lost", reading,
            "over " + std::string(name_of(record.protocol)) + ", acknowledged at " +
                std::to_string(*record.acked_ms) + " ms");
  }
}

Account Accountant::finish() {
  for (const auto& [reading, arrival] : arrivals_) {
    if (arrival.is_known) continue;
    ++account_.unknown;
    example("unknown", reading, "id " + arrival.last_id);
  }
  return std::move(account_);
}

void Accountant::example(const char* kind, const Reading& reading, std::string_view detail) {
  if (++examples_of_[kind] > examples_per_kind) return;
  const auto& [device, boot, seq] = reading;
  std::string line = std::string(kind) + ": " + device;
  if (boot > 1) line += " boot " + std::to_string(boot);
  account_.examples.push_back(line + " seq " + std::to_string(seq) + ", " + std::string(detail));
}

Result<Account> account_for(const std::string& sent_path, const std::string& received_path,
                            std::chrono::milliseconds late_after) {
  Accountant accountant(late_after);
  TRY(read_received(received_path,
                    [&](const ReceivedRecord& record) { accountant.received(record); }));
  TRY(read_sent(sent_path, [&](const SentRecord& record) { accountant.sent(record); }));
  return accountant.finish();
}

std::string to_text(const Account& account) {
  std::string text = "sent " + grouped(account.sent) + " | acknowledged " +
                     grouped(account.acknowledged) + " | filtered " + grouped(account.filtered) +
                     " | rejected " + grouped(account.rejected) + " | delivered " +
                     grouped(account.delivered) + " | lost " + grouped(account.lost) +
                     " | duplicated " + grouped(account.duplicated) + '\n';
  const auto remark = [&text](std::uint64_t count, std::string_view what) {
    if (count > 0) text += "  " + grouped(count) + ' ' + std::string(what) + '\n';
  };
  remark(account.wrongly_delivered, "wrongly delivered: the filter should have dropped them");
  remark(account.unknown, "arrived that no device sent");
  remark(account.unacknowledged, "not acknowledged and not there: their devices still hold them");
  remark(account.delivered_unacknowledged, "delivered though the device saw no answer (allowed)");
  remark(account.reordered, "arrived after a later one of the same device (allowed)");
  remark(account.late, "arrived late");
  remark(account.repeats, "repeats dropped by (source, id), as a receiver does");
  remark(account.windows, "window results");
  for (const std::string& line : account.examples) text += "  " + line + '\n';
  text += account.balances() ? "balanced: every acknowledged event is accounted for\n"
                             : "NOT BALANCED\n";
  return text;
}

std::string to_json(const Account& account) {
  std::string examples = "[";
  for (const std::string& line : account.examples) {
    if (examples.size() > 1) examples += ',';
    append_json_string(examples, line);
  }
  examples += ']';
  return JsonLine()
             .boolean("balanced", account.balances())
             .number("sent", account.sent)
             .number("acknowledged", account.acknowledged)
             .number("filtered", account.filtered)
             .number("rejected", account.rejected)
             .number("delivered", account.delivered)
             .number("lost", account.lost)
             .number("duplicated", account.duplicated)
             .number("wrongly_delivered", account.wrongly_delivered)
             .number("unknown", account.unknown)
             .number("unacknowledged", account.unacknowledged)
             .number("delivered_unacknowledged", account.delivered_unacknowledged)
             .number("reordered", account.reordered)
             .number("late", account.late)
             .number("repeats", account.repeats)
             .number("windows", account.windows)
             .number("others", account.others)
             .raw("examples", examples)
             .finish() +
         '\n';
}

}  // namespace sluice::sim
