#include "drivers/codecs/json_peek.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using Members = std::span<const JsonPaths::Member>;

// simdjson reads some bytes beyond the end: texts are copied to where it may.
class Peeker {
 public:
  error_code peek(std::string_view text, Members wanted, Arena& arena, Value& value) {
    if (parser_.capacity() > max_kept_capacity) parser_ = ondemand::parser();
    arena_ = &arena;
    padded_.resize(text.size() + simdjson::SIMDJSON_PADDING);
    std::copy(text.begin(), text.end(), padded_.begin());
    std::fill(padded_.begin() + static_cast<std::ptrdiff_t>(text.size()), padded_.end(), '\0');
    ondemand::document document;
    if (const auto code =
            parser_.iterate(padded_.data(), text.size(), padded_.size()).get(document);
        code != simdjson::SUCCESS)
      return code;
    ondemand::json_type type{};
    if (const auto code = document.type().get(type); code != simdjson::SUCCESS) return code;
    if (type != ondemand::json_type::object) return simdjson::INCORRECT_TYPE;
    ondemand::object object;
    if (const auto code = document.get_object().get(object); code != simdjson::SUCCESS) return code;
    return read_members(object, wanted, value);
  }

 private:
  static constexpr std::size_t max_kept_capacity = std::size_t{128} * 1024;

  // Every key is looked at: of members with the same key the last one counts.
  error_code read_members(ondemand::object& object, Members wanted, Value& value) {
    MapEntry* const entries = arena_->array<MapEntry>(wanted.size());
    std::size_t count = 0;
    for (auto field : object) {
      std::string_view key;
      if (const auto code = field.unescaped_key().get(key); code != simdjson::SUCCESS) return code;
      const auto member = std::ranges::find(wanted, key, &JsonPaths::Member::key);
      if (member == wanted.end()) continue;
      ondemand::value found;
      if (const auto code = field.value().get(found); code != simdjson::SUCCESS) return code;
      Value read;
      if (const auto code = read_value(found, member->members, read); code != simdjson::SUCCESS)
        return code;
      std::size_t at = 0;
      while (at < count && entries[at].key.as_text() != member->key) ++at;
      if (at == count) entries[count++].key = Value::string(member->key);
      entries[at].value = read;
    }
    value = Value::map({entries, count});
    return simdjson::SUCCESS;
  }

  error_code read_value(ondemand::value& found, Members wanted, Value& value) {
    ondemand::json_type type{};
    if (const auto code = found.type().get(type); code != simdjson::SUCCESS) return code;
    switch (type) {
      case ondemand::json_type::object: {
        if (wanted.empty()) return read_whole(found, value);
        ondemand::object object;
        if (const auto code = found.get_object().get(object); code != simdjson::SUCCESS)
          return code;
        return read_members(object, wanted, value);
      }
      case ondemand::json_type::array:
        return read_whole(found, value);
      case ondemand::json_type::number: {
        // Of a double with so many digits simdjson's two readers differ in the last bit.
        constexpr std::size_t most_exact_digits = 17;
        const bool is_long = found.raw_json_token().size() > most_exact_digits;
        ondemand::number number;
        if (const auto code = found.get_number().get(number); code != simdjson::SUCCESS)
          return code;
        if (is_long && !number.is_int64()) return simdjson::NUMBER_ERROR;
        value = number.is_int64() ? Value::integer(number.get_int64())
                                  : Value::number(number.as_double());
        return simdjson::SUCCESS;
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (const auto code = found.get_string().get(text); code != simdjson::SUCCESS) return code;
        value = Value::string(arena_->copy(text));
        return simdjson::SUCCESS;
      }
      case ondemand::json_type::boolean: {
        bool is_true = false;
        if (const auto code = found.get_bool().get(is_true); code != simdjson::SUCCESS) return code;
        value = Value::boolean(is_true);
        return simdjson::SUCCESS;
      }
      case ondemand::json_type::null: {
        bool is_null = false;
        if (const auto code = found.is_null().get(is_null); code != simdjson::SUCCESS) return code;
        value = Value::null();
        return is_null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
      }
    }
    return simdjson::INCORRECT_TYPE;
  }

  // A list or map that is wanted as a whole.
  error_code read_whole(ondemand::value& found, Value& value) {
    std::string_view text;
    if (const auto code = simdjson::to_json_string(found).get(text); code != simdjson::SUCCESS)
      return code;
    auto parsed = parse_json(text, *arena_);
    if (!parsed) return simdjson::TAPE_ERROR;
    value = *parsed;
    return simdjson::SUCCESS;
  }

  ondemand::parser parser_;
  std::string padded_;
  Arena* arena_ = nullptr;
};

void insert(std::vector<JsonPaths::Member>& members, std::span<const std::string> path) {
  auto member = std::ranges::find(members, path.front(), &JsonPaths::Member::key);
  const bool is_new = member == members.end();
  if (is_new) member = members.insert(members.end(), {path.front(), {}});
  if (path.size() == 1) {
    member->members.clear();
  } else if (is_new || !member->members.empty()) {
    insert(member->members, path.subspan(1));
  }
}

}  // namespace

JsonPaths::JsonPaths(const std::vector<std::vector<std::string>>& paths) {
  for (const std::vector<std::string>& path : paths) {
    if (path.empty()) is_whole_ = true;
    if (!path.empty()) insert(members_, path);
  }
}

Result<Value> peek_json(std::string_view text, const JsonPaths& paths, Arena& arena) {
  if (paths.is_nothing()) return Value::null();
  thread_local Peeker peeker;
  Value value;
  if (!text.empty() && !paths.is_whole() &&
      peeker.peek(text, paths.members(), arena, value) == simdjson::SUCCESS)
    return value;
  return parse_json(text, arena);  // it says what is wrong, and knows the rare numbers
}

}  // namespace sluice
