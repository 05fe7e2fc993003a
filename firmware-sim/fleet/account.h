// Account: every event of the sent ledger held against the received one.
//
// Each event sent is in exactly one of: delivered, filtered, rejected, lost, wrongly delivered,
// unacknowledged. So they always add up to `sent`; whether the gateway kept its promise is
// balances(). Received events that repeat a (source, id) are dropped first, as any receiver must
// do.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/result.h"
#include "firmware-sim/common/ledger.h"

namespace sluice::sim {

struct Account {
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t delivered = 0;          // expected, and there
  std::uint64_t filtered = 0;           // acknowledged, and rightly not there
  std::uint64_t rejected = 0;           // acknowledged, and rightly not there
  std::uint64_t lost = 0;               // acknowledged and expected, but not there
  std::uint64_t wrongly_delivered = 0;  // there, though it should be filtered or rejected
  std::uint64_t unacknowledged = 0;     // never acknowledged and not there: the device still has it
  std::uint64_t delivered_unacknowledged = 0;  // of `delivered`: the answer was lost, not the event
  std::uint64_t duplicated = 0;  // further arrivals of one (device, seq) under other ids
  std::uint64_t unknown = 0;     // there, but no device sent it
  std::uint64_t reordered = 0;   // of one device, after one that was measured later (allowed)
  std::uint64_t late = 0;        // longer under way than asked for (allowed)
  std::uint64_t repeats = 0;     // dropped by (source, id)
  std::uint64_t windows = 0;     // window results, revisions not counted twice
  std::uint64_t others = 0;      // neither reading nor window

  std::vector<std::string> examples;  // a line each of what is wrong, the first of each kind

  // True when nothing is lost, duplicated, wrongly delivered or unknown.
  bool balances() const {
    return lost == 0 && duplicated == 0 && wrongly_delivered == 0 && unknown == 0;
  }
};

// Fed with the received ledger first, then with the sent one.
class Accountant {
 public:
  // Late is what arrives upstream more than `late_after` after it was first sent; 0: nothing is.
  explicit Accountant(std::chrono::milliseconds late_after = {}) : late_after_(late_after) {}

  void received(const ReceivedRecord& record);
  void sent(const SentRecord& record);
  Account finish();

 private:
  // Device, boot, seq. A reading that does not say its boot is of boot 0.
  using Reading = std::tuple<std::string, std::uint64_t, std::uint64_t>;
  struct Arrival {
    std::uint32_t ids = 0;
    bool is_known = false;
    std::string last_id;
    std::int64_t received_ms = 0;  // the first
  };
  Arrival* find(const SentRecord& record);
  void delivered(const SentRecord& record, const Arrival& arrival);
  void example(const char* kind, const Reading& reading, std::string_view detail);

  std::chrono::milliseconds late_after_;
  Account account_;
  std::set<std::tuple<std::string, std::string, std::uint64_t>> ids_;  // source, id, seq in a pack
  std::set<std::string> windows_;                                      // source, key and start
  std::map<Reading, Arrival> arrivals_;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> newest_;  // boot, seq by device
  std::map<std::string, int> examples_of_;
};

// Reads both files. Errors: as read_sent and read_received.
Result<Account> account_for(const std::string& sent_path, const std::string& received_path,
                            std::chrono::milliseconds late_after = {});

// The one line, then what is wrong with examples.
std::string to_text(const Account& account);
std::string to_json(const Account& account);

}  // namespace sluice::sim
