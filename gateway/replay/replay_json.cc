#include "core/value.h"
#include "gateway/replay/replay_screen.h"

namespace sluice {
namespace {

// Writes JSON members one after the other.
class Json {
 public:
  void open(char bracket) {
    text_ += bracket;
    needs_comma_ = false;
  }
  void close(char bracket) {
    text_ += bracket;
    needs_comma_ = true;
  }
  void key(std::string_view name) {
    item();
    append_json_string(text_, name);
    text_ += ':';
    needs_comma_ = false;
  }
  void item() {
    if (needs_comma_) text_ += ',';
    needs_comma_ = true;
  }
  void add(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(text_, value);
    needs_comma_ = true;
  }
  void add(std::string_view name, std::uint64_t value) {
    key(name);
    append_unsigned(text_, value);
    needs_comma_ = true;
  }
  void add(std::string_view name, const std::optional<double>& value) {
    key(name);
    if (value) {
      append_number(text_, *value);
    } else {
      text_ += "null";
    }
    needs_comma_ = true;
  }
  void add(std::string_view name, bool value) {
    key(name);
    text_ += value ? "true" : "false";
    needs_comma_ = true;
  }
  void add_time(std::string_view name, const std::optional<Timestamp>& time) {
    if (time) add(name, std::string_view(format_timestamp(*time)));
  }
  void add_text_item(std::string_view text) {
    item();
    append_json_string(text_, text);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  bool needs_comma_ = false;
};

void add_counts(Json& json, const DifferenceCounts& counts) {
  json.add("only_old", counts.only_before);
  json.add("only_new", counts.only_after);
  json.add("equal", counts.equal);
  json.add("different", counts.different);
}

void add_member(Json& json, const MemberDifference& member) {
  json.key(member.path);
  json.open('{');
  json.add("old_count", member.before_count);
  json.add("new_count", member.after_count);
  json.add("old_mean", member.before_mean());
  json.add("new_mean", member.after_mean());
  json.add("differing", member.differing);
  json.add("one_sided", member.one_sided);
  json.add("mean_difference", std::optional(member.mean_difference()));
  json.add("largest_difference", std::optional(member.largest_difference));
  json.close('}');
}

void add_example(Json& json, const DifferenceExample& example) {
  json.key("example");
  json.open('{');
  json.add_time("time", example.time);
  json.add("is_old", example.is_before);
  json.add("is_new", example.is_after);
  json.add_time("old_windowstart", example.before_start);
  json.add_time("new_windowstart", example.after_start);
  json.key("data");
  json.open('{');
  for (const DifferenceExample::Number& number : example.numbers) {
    json.key(number.path);
    json.open('{');
    json.add("old", number.before);
    json.add("new", number.after);
    json.close('}');
  }
  json.close('}');
  json.close('}');
}

void add_key(Json& json, const KeyDifference& key, bool has_example) {
  json.item();
  json.open('{');
  json.add("key", std::string_view(key.key));
  add_counts(json, key.counts);
  json.key("members");
  json.open('{');
  for (const MemberDifference& member : key.members) add_member(json, member);
  json.close('}');
  if (key.example && has_example) add_example(json, *key.example);
  json.close('}');
}

void add_pipeline(Json& json, const PipelineDifference& pipeline, std::size_t most_examples) {
  json.item();
  json.open('{');
  json.add("pipeline", std::string_view(pipeline.pipeline));
  json.add("sink", std::string_view(pipeline.sink));
  add_counts(json, pipeline.counts);
  json.key("keys");
  json.open('[');
  std::size_t number = 0;
  for (const KeyDifference& key : pipeline.keys)
    add_key(json, key, most_examples == 0 || number++ < most_examples);
  json.close(']');
  json.close('}');
}

void add_head(Json& json, const ReplayReport& report) {
  json.key("old");
  json.open('{');
  json.add("file", std::string_view(report.before_name));
  json.add("epoch", std::uint64_t{report.before_epoch});
  json.add_time("since", report.before_since);
  json.add("dead_letters", report.before_dead_letters);
  json.add("blocks_compared_with_sent", report.compared_with_sent);
  json.add("blocks_not_as_sent", report.not_as_sent);
  json.close('}');
  json.key("new");
  json.open('{');
  json.add("file", std::string_view(report.after_name));
  json.add("dead_letters", report.after_dead_letters);
  json.close('}');
  json.key("range");
  json.open('{');
  json.add_time("first", report.walk.first);
  json.add_time("last", report.walk.last);
  json.add("blocks", report.walk.blocks);
  json.add("events", report.walk.events);
  json.add("damaged_blocks", report.walk.damaged);
  json.close('}');
}

}  // namespace

std::string replay_json(const ReplayReport& report, std::size_t most_examples) {
  Json json;
  json.open('{');
  json.add("is_equal", report.is_equal());
  add_head(json, report);
  json.key("notes");
  json.open('[');
  for (const std::string& note : report.notes) json.add_text_item(note);
  json.close(']');
  json.add("is_waiting_full", report.difference.is_waiting_full);
  json.add("is_keys_full", report.difference.is_keys_full);
  json.add("is_members_full", report.difference.is_members_full);
  json.key("totals");
  json.open('{');
  add_counts(json, report.difference.counts);
  json.close('}');
  json.key("pipelines");
  json.open('[');
  for (const PipelineDifference& pipeline : report.difference.pipelines)
    add_pipeline(json, pipeline, most_examples);
  json.close(']');
  json.close('}');
  return json.take() + "\n";
}

}  // namespace sluice
