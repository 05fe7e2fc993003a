#include "gateway/memory_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace sluice {
namespace {

class Remembering final : public Step {
 public:
  explicit Remembering(std::size_t limit) : limit_(limit) {}
  void process(std::span<Event* const>, StepOutput&) override {}
  std::size_t memory_limit() const override { return limit_; }

 private:
  const std::size_t limit_;
};

PipelineSetup pipeline(std::string name,
                       const std::vector<std::pair<std::string, std::size_t>>& steps) {
  PipelineSetup setup{std::move(name), {"floor"}, {"cloud"}, 4, {}};
  for (const auto& [step, limit] : steps)
    setup.steps.push_back({"", step, 1, OnError::drop, std::make_unique<Remembering>(limit)});
  return setup;
}

TEST(MemoryReport, Adds_up_what_steps_may_come_to_remember_the_largest_first) {
  std::vector<PipelineSetup> pipelines;
  pipelines.push_back(pipeline("a", {{"filter#1", 0}, {"dedupe#1", 1 << 20}}));
  pipelines.push_back(pipeline("b", {{"window#1", 3 << 20}}));
  EXPECT_EQ(memory_report(pipelines),
            "What steps remember takes 4.0 MiB in the worst case:\n"
            "     3.0 MiB  pipelines.b.window#1\n"
            "     1.0 MiB  pipelines.a.dedupe#1\n");
}

TEST(MemoryReport, Says_nothing_where_nothing_is_remembered) {
  std::vector<PipelineSetup> pipelines;
  pipelines.push_back(pipeline("a", {{"filter#1", 0}}));
  EXPECT_EQ(memory_report(pipelines), "");
}

}  // namespace
}  // namespace sluice
