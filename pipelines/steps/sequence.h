// sequence: finds events of one key that follow each other within a time: A, then B, then C.
//
//   sequence = { key = "subject", within = "10s", steps = [
//     { name = "opened", when = "data.door == 'open'" },
//     { name = "left", when = "data.motion == false", not = "data.door == 'closed'" } ] }
//
//   events   A  x  B        A  x        A  C  B
//            |-----|        |--------|  |  '- `not`: no match
//          match, leaves   timeout     nothing
//
// What is a match (other engines' names in brackets; Flink CEP is meant where none is named):
//  - Each event of a key, in the order of arrival, is looked at by all matches of the key that are
//    open, and may then open one. What no step wants is passed over [relaxed contiguity,
//    followedBy; MATCH_RECOGNIZE takes adjacent rows]. An event that a step wants is taken by it:
//    a match never waits for a better one.
//  - An event for which the awaited step's `not` is true ends the match, also when its `when` is.
//  - Event times count: an event takes part in a match that began at most `within` before it (both
//    ends belong to it; in Flink the last does not) and none of whose events is later. Events of
//    one time follow each other as they came. Where devices do not send in order put `sort` before
//    this step: then a match does not depend on the order of arrival.
//  - after_match = "skip_past_last": with a match all others of its key that are open go, and its
//    last event opens none: no event is in two matches [MATCH_RECOGNIZE: AFTER MATCH SKIP PAST LAST
//    ROW]. "no_skip": each event that can begin a match gives one of its own, and one event may end
//    several [Flink's default].
//  - `where`, over the result, must be true for the last event to be taken, so that steps can be
//    compared: where = "data.b.data.level > data.a.data.level".
//  - When the watermark is beyond the time in which a match could end, what there is of it leaves
//    by the output `timeout`: "opened, and not closed in time" is a sequence too.
//
// A result has the type "sluice.sequence", the key as subject, the time of its last event (of a
// timeout: that of its first plus `within`), and as data, under the name of each step, `time` and
// `data` of the event. With `emit` the data is those fields instead, of expressions over the
// result: seconds = "data.left.time - data.opened.time"; a timeout stays as it is.
//
// The events that come end here: reason "taken" when a match took or began with it, else
// "no_match". An event on which a condition that is needed fails, fails and changes nothing; a
// match on which `where` or `emit` fails is over, and its result fails; the others of the key stay.
// A step takes no event of more than 64 KiB or nested too deep to be kept: that fails too, but as a
// `not` it ends matches first.
//
// A key is remembered while it has open matches, at most max_matches and 64 KiB of events; when
// there are more the oldest go, counted as "full_matches".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct SequenceStep {
  std::string name;     // a plain name, of no other step
  std::string when;     // a condition
  std::string without;  // a condition, `not` in TOML; empty: none. The first step has none
};

struct SequenceField {
  std::string name;
  std::string expression;  // over the result
};

enum class AfterMatch : std::uint8_t { skip_past_last, no_skip };

struct SequenceConfig {
  static constexpr std::size_t most_steps = 16;
  static constexpr std::uint32_t most_matches = 64;

  KeyedConfig keyed;                // forget_after is not used
  std::vector<SequenceStep> steps;  // two or more
  Duration within{};                // more than zero
  AfterMatch after_match = AfterMatch::skip_past_last;
  std::string where;                // a condition over the result; empty: none
  std::vector<SequenceField> emit;  // none: the events under their names
  std::uint32_t max_matches = 16;   // open ones of a key; 1 to most_matches
};

// Fields named in errors: "key", "max_keys", "steps", "steps.N.name", "steps.N.when",
// "steps.N.not", "within", "where", "emit.NAME", "max_matches".
StepOrErrors make_sequence(const SequenceConfig& config);

}  // namespace sluice
