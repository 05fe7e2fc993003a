// What config/reference.md says of a component: its options, without any file. Made by
// describe_component<T>() in fields.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct OptionDescription {
  std::string name;          // "keep_alive"; for a table's own options see `options`
  std::string type;          // "duration"
  std::string default_text;  // as TOML: "\"10s\""; empty: it has none, or is not set
  std::string bounds;        // "1s to 18h"; empty: every value of the type
  std::string doc;           // one or two sentences
  bool is_required = false;
  // Of a table, of each table of an array (name[]) or of a map (name.NAME), by the last field.
  std::vector<OptionDescription> options;
  std::string options_prefix;  // "batch.", "rules[].", "set.NAME."
};

// All options of one table, and the rules over several of them, as sentences.
struct TableDescription {
  std::vector<OptionDescription> options;
  std::vector<std::string> rules;
};

struct ComponentDescription {
  std::string kind;     // "section", "source", "decoder", "step", "sink": one chapter each
  std::string type;     // "mqtt"
  std::string summary;  // one or two sentences
  TableDescription table;
};

}  // namespace sluice
