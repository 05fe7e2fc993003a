// Reading tables into described structs, strictly: a key that nobody knows is an error that names
// the nearest known key.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/fields.h"
#include "config/table.h"

namespace sluice {

// Reads one table into several structs, for instance the options that all sources have and those of
// its type:
//
//   TableReader reader(table, diagnostics);
//   reader.accept("type");
//   reader.read(common);
//   reader.read(mqtt);
//   if (!reader.finish()) ...          // something was wrong with this table
class TableReader {
 public:
  TableReader(const RawTable& table, Diagnostics& diagnostics)
      : table_(table), diagnostics_(diagnostics) {}

  // Reads the options of T. False when one of them is wrong; reported.
  template <Described T>
  bool read(T& into) {
    const Fields<T> fields = fields_of<T>();
    for (const std::string_view name : fields.names()) accept(name);
    const bool is_good = !table_ || fields.read(table_.node(), into, diagnostics_);
    is_good_ = is_good_ && is_good;
    return is_good;
  }

  // A key that is read elsewhere.
  void accept(std::string_view name) { known_.emplace_back(name); }

  const RawTable& table() const { return table_; }

  // Reports the keys that nobody asked for. False when anything was wrong with the table.
  bool finish();

 private:
  RawTable table_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;
  bool is_good_ = true;
};

// A table with the options of T and no others.
template <Described T>
bool read_table(const RawTable& table, T& into, Diagnostics& diagnostics) {
  TableReader reader(table, diagnostics);
  reader.read(into);
  return reader.finish();
}

// The index in `known` of what the table's `type` says. Nothing, and an error with the nearest
// name, when `type` is missing, not a text, or names none of them.
std::optional<std::size_t> choose_type(const RawTable& table,
                                       std::span<const std::string_view> known,
                                       Diagnostics& diagnostics);
// The same for a type that has been read already, with or without a table.
std::optional<std::size_t> choose_type(const TypedTable& typed,
                                       std::span<const std::string_view> known,
                                       Diagnostics& diagnostics);

// The index in `known` of the one key that says what the table is: { filter = "..." } is a filter.
// `what` names the thing in messages: "step". Nothing, and an error, when none or several are
// there.
std::optional<std::size_t> choose_by_key(const RawTable& table,
                                         std::span<const std::string_view> known,
                                         std::string_view what, Diagnostics& diagnostics);

}  // namespace sluice
