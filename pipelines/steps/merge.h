// merge: makes one event of several that each tell a part.
//
//   merge = { key = "sender", within = "2s", expect = ["t", "rh"], timeout = "10s" }
//
//   events   {"t":21}  {"rh":40}              {"t":22}
//            |----- within -----|
//   leaves           {"t":21,"rh":40}                    {"t":22} after the timeout
//
// Events of a key belong together when their times are at most `within` from the first one's. Their
// data, which must be objects, become one: of fields with the same name the one that came last
// counts. With `field` an event is one field: `field` gives its name and `value` what is in it, as
// for SenML records: field = "data.n", value = "data.v".
//
// The whole leaves when all fields of `expect` are there; when an event comes that does not belong
// to it (and begins the next one); `timeout` after its first event came, in engine time; or early,
// when its key is evicted. It is as the first event was, with the latest time, the extensions
// mergecount (events in it) and, with `expect`, mergecomplete, and keeps the correlation. Each
// event but the first is dropped, reason "merged". An event with which it would have more than 1000
// fields or 64 KiB, or that is nested too deep to be kept, fails, and the rest goes on without it.
//
// One whole is open per key: where those of different times overlap, the time belongs to the key:
// key = "[sender, time]". (Telegraf's merge aggregator is this with within = "0s" and no `expect`.)
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct MergeConfig {
  static constexpr std::size_t max_fields = 1000;

  KeyedConfig keyed;           // without forget_after: a key is forgotten when its whole has left
  std::string field;           // an expression, or empty
  std::string value = "data";  // an expression
  Duration within{0};
  Duration timeout = std::chrono::seconds(10);
  std::vector<std::string> expect;
};

// Fields named in errors: "key", "max_keys", "field", "value", "within", "timeout", "expect".
StepOrErrors make_merge(const MergeConfig& config);

}  // namespace sluice
