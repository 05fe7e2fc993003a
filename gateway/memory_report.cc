#include "gateway/memory_report.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "gateway/screen_text.h"

namespace sluice {

std::string memory_report(const std::vector<PipelineSetup>& pipelines) {
  struct Row {
    std::string place;
    std::size_t limit;
  };
  std::vector<Row> rows;
  std::uint64_t sum = 0;
  for (const PipelineSetup& pipeline : pipelines) {
    for (const StepSetup& step : pipeline.steps) {
      const std::size_t limit = step.step->memory_limit();
      if (limit == 0) continue;
      rows.push_back({"pipelines." + pipeline.name + "." + step.name, limit});
      sum += limit;
    }
  }
  if (rows.empty()) return {};
  std::ranges::stable_sort(rows, std::ranges::greater{}, &Row::limit);
  std::string text = "What steps remember takes " + bytes_text(sum) + " in the worst case:\n";
  for (const Row& row : rows)
    text += "  " + fit_right(bytes_text(row.limit), 10) + "  " + row.place + "\n";
  return text;
}

}  // namespace sluice
