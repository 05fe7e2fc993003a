#include "pipelines/steps/validate.h"

#include <string>
#include <utility>

namespace sluice {
namespace {

class Validate final : public Step {
 public:
  explicit Validate(ValidateConfig config)
      : config_(std::move(config)), memory_bytes_(sizeof(*this) + config_.schema.memory_bytes()) {}

  void process(std::span<Event* const> events, StepOutput& out) override {
    for (Event* event : events) {
      if (const auto fault = config_.schema.check(event->data)) {
        refuse(event, *fault, out);
      } else {
        out.emit(event);
      }
    }
  }

  std::size_t memory_bytes() const override { return memory_bytes_; }
  std::size_t memory_limit() const override { return memory_bytes_; }

 private:
  void refuse(Event* event, const std::string& fault, StepOutput& out) const {
    switch (config_.invalid) {
      case Refusal::dead_letter:
        return out.fail(event, "validate: " + fault);
      case Refusal::drop:
        return out.drop(*event, "invalid");
      case Refusal::pass:
        out.count("invalid", 1);
        return out.emit(event);
    }
  }

  const ValidateConfig config_;
  const std::size_t memory_bytes_;
};

}  // namespace

std::unique_ptr<Step> make_validate(ValidateConfig config) {
  return std::make_unique<Validate>(std::move(config));
}

}  // namespace sluice
