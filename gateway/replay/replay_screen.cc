#include "gateway/replay/replay_screen.h"

#include <algorithm>
#include <cstdio>

#include "gateway/screen_text.h"

namespace sluice {
namespace {

constexpr std::size_t most_numbers = 6;  // of an example

std::string figure(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", number);
  return text;
}
std::string figure(const std::optional<double>& number) { return number ? figure(*number) : "-"; }

// "1 block", "12,345 blocks".
std::string counted(std::uint64_t count, std::string_view what) {
  return count_text(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string counts_text(const DifferenceCounts& counts) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + count_text(count) + what;
  };
  add(counts.different, " different");
  add(counts.only_before, " only old");
  add(counts.only_after, " only new");
  add(counts.equal, " equal");
  return text.empty() ? "no outputs" : text;
}

std::string member_text(const MemberDifference& member) {
  std::string text;
  if (member.differing > 0) {
    text = count_text(member.differing) + " differ, by " + figure(member.mean_difference()) +
           " on average and " + figure(member.largest_difference) + " at most; ";
  }
  if (member.one_sided > 0) text += count_text(member.one_sided) + " on one side only; ";
  return text + "mean " + figure(member.before_mean()) + " -> " + figure(member.after_mean()) +
         " (of " + count_text(member.before_count) + " and " + count_text(member.after_count) + ")";
}

std::string window_text(const DifferenceExample& example) {
  if (!example.before_start && !example.after_start) return {};
  const auto text = [](const std::optional<Timestamp>& start) {
    return start ? format_timestamp(*start) : std::string("none");
  };
  if (example.is_before && example.is_after && example.before_start != example.after_start) {
    return " (window from " + text(example.before_start) + " -> from " + text(example.after_start) +
           ")";
  }
  return " (window from " + text(example.is_before ? example.before_start : example.after_start) +
         ")";
}

std::string example_text(const DifferenceExample& example) {
  const bool is_pair = example.is_before && example.is_after;
  std::string text = format_timestamp(example.time) + window_text(example) +
                     (is_pair             ? ""
                      : example.is_before ? ", only old"
                                          : ", only new") +
                     ":";
  for (std::size_t i = 0; i < std::min(example.numbers.size(), most_numbers); ++i) {
    const DifferenceExample::Number& number = example.numbers[i];
    text += (i == 0 ? " " : ", ") + on_one_line(number.path) + " ";
    text += is_pair ? figure(number.before) + " -> " + figure(number.after)
                    : figure(example.is_before ? number.before : number.after);
  }
  if (example.numbers.size() > most_numbers) text += ", ..";
  if (example.numbers.empty())
    text += is_pair ? " what is no number differs" : " (without numbers)";
  return text;
}

std::string key_text(const KeyDifference& key) {
  const std::string name = key.key.empty() ? "(no subject)" : on_one_line(key.key);
  std::string text = "  " + name + "   " + counts_text(key.counts) + "\n";
  for (const MemberDifference& member : key.members) {
    const bool is_told =
        member.differing > 0 || member.one_sided > 0 || member.before_mean() != member.after_mean();
    if (is_told) text += "      " + on_one_line(member.path) + ": " + member_text(member) + "\n";
  }
  if (key.example) text += "      for example " + example_text(*key.example) + "\n";
  return text;
}

std::string pipeline_text(const PipelineDifference& pipeline, std::size_t most_keys) {
  std::string text = "\n" + on_one_line(pipeline.pipeline) + " -> " + on_one_line(pipeline.sink) +
                     "   " + count_text(pipeline.counts.before()) + " old, " +
                     count_text(pipeline.counts.after()) + " new: " + counts_text(pipeline.counts) +
                     "\n";
  std::size_t differing = 0;
  std::size_t equal = 0;
  for (const KeyDifference& key : pipeline.keys) {
    if (key.counts.unequal() == 0) {
      ++equal;
    } else if (++differing <= most_keys || most_keys == 0) {
      text += key_text(key);
    }
  }
  if (most_keys != 0 && differing > most_keys) {
    text += "  " + counted(differing - most_keys, "more key") +
            " with a difference (--limit 0 shows all)\n";
  }
  if (equal > 0) text += "  " + counted(equal, "key") + " without a difference\n";
  return text;
}

std::vector<std::string> all_notes(const ReplayReport& report) {
  std::vector<std::string> notes = report.notes;
  if (report.difference.is_waiting_full) {
    notes.emplace_back(
        "more outputs had no partner than can be kept: some of `only` may be pairs; take a shorter "
        "range, or one --pipeline");
  }
  if (report.difference.is_keys_full)
    notes.emplace_back("there are too many keys: those that came last are counted as one");
  if (report.difference.is_members_full)
    notes.emplace_back("there are too many numbers: of some keys not all members are told");
  return notes;
}

std::string totals_text(const ReplayReport& report) {
  const DifferenceCounts& counts = report.difference.counts;
  std::string text = "\n" + std::string(report.is_equal() ? "equal" : "different") + ": " +
                     counted(counts.before(), "output") + " -> " + count_text(counts.after()) +
                     ": " + counts_text(counts);
  if (report.before_dead_letters > 0 || report.after_dead_letters > 0) {
    text += "; dead letters " + count_text(report.before_dead_letters) + " -> " +
            count_text(report.after_dead_letters);
  }
  return text + "\n";
}

}  // namespace

std::string render_replay(const ReplayReport& report, std::size_t most_keys) {
  const WalkReport& walk = report.walk;
  std::string text = "replay of " + format_timestamp(*walk.first) + " to " +
                     format_timestamp(*walk.last) + ": " + counted(walk.blocks, "block") + ", " +
                     counted(walk.events, "event") + "\n";
  text += "  old  " + on_one_line(report.before_name) + ", in force since " +
          format_timestamp(report.before_since) + " (epoch " + std::to_string(report.before_epoch) +
          ")\n";
  text += "  new  " + on_one_line(report.after_name) + "\n";
  for (const std::string& note : all_notes(report)) text += "  note: " + on_one_line(note) + "\n";
  for (const PipelineDifference& pipeline : report.difference.pipelines)
    text += pipeline_text(pipeline, most_keys);
  return text + totals_text(report);
}

}  // namespace sluice
