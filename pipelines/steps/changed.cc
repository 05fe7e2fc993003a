#include "pipelines/steps/changed.h"

#include <utility>

#include "pipelines/value_identity.h"

namespace sluice {
namespace {

constexpr std::size_t max_value_bytes = 1024;

struct LastValue {
  std::string identity;  // empty: null

  void save(std::string& out) const { put_text(out, identity); }
  void load(ByteReader& in) { identity = in.text(); }
  static constexpr std::size_t max_heap_bytes = 2 * max_value_bytes;  // a string's growth doubles
  std::size_t heap_bytes() const {
    return identity.capacity() > std::string().capacity() ? identity.capacity() + 1 : 0;
  }
};

class Changed final : public KeyedStep<LastValue> {
 public:
  Changed(std::optional<Expression> key, Expression value, const KeyBounds& bounds)
      : KeyedStep(std::move(key), std::move(value), bounds) {}

 private:
  std::string_view refuses(const Value& value) const override {
    return value.is_null() || has_identity(value, max_value_bytes)
               ? ""
               : "null, a string, number, bool, time, or list of such, of up to 1024 bytes";
  }

  bool take(Event* event, const Value& value, Slot slot, bool is_new, StepOutput& out) override {
    identity_.clear();
    if (!value.is_null()) append_identity(identity_, value);
    if (!is_new && keys_.read(slot).identity == identity_) {
      out.drop(*event, "unchanged");
    } else {
      keys_.edit(slot, [&](LastValue& last) { last.identity = identity_; });
      out.emit(event);
    }
    return true;
  }

  std::string identity_;  // scratch
};

}  // namespace

StepOrErrors make_changed(const ChangedConfig& config) {
  StepErrors errors;
  auto key = compile_key(config.keyed, errors);
  auto value = compile_field("value", config.value, 0, errors);
  if (!errors.empty()) return errors;
  return std::make_unique<Changed>(std::move(key), *std::move(value), config.keyed.bounds);
}

}  // namespace sluice
