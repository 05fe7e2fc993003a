#include "core/metrics.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Metrics, A_cell_is_the_same_object_for_the_same_name_and_labels) {
  Metrics metrics;
  Counter& first = metrics.counter("sluice_a_total", "A.", {{"source", "x"}});
  first.add(3);
  EXPECT_EQ(&first, &metrics.counter("sluice_a_total", "ignored", {{"source", "x"}}));
  metrics.counter("sluice_a_total", "", {{"source", "y"}}).add(4);
  EXPECT_EQ(metrics.sum("sluice_a_total"), 7U);
  EXPECT_EQ(metrics.sum("sluice_a_total", {{"source", "y"}}), 4U);
}

TEST(Metrics, The_text_form_is_sorted_and_escapes_labels) {
  Metrics metrics;
  metrics.gauge("sluice_b_bytes", "B.").set(1.5);
  metrics.counter("sluice_a_total", "A.", {{"why", "a \"b\"\\\n"}}).add();
  EXPECT_EQ(metrics.render(),
            "# HELP sluice_a_total A.\n# TYPE sluice_a_total counter\nsluice_a_total{why=\"a "
            "\\\"b\\\"\\\\\\n\"} 1\n"
            "# HELP sluice_b_bytes B.\n# TYPE sluice_b_bytes gauge\nsluice_b_bytes 1.5\n");
}

}  // namespace
}  // namespace sluice
