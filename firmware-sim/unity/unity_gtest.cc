// On the host: a C test program's main() registers its tests, and GoogleTest runs them. The program
// is compiled with main renamed to unity_test_main.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "firmware-sim/unity/backend.h"

extern "C" int unity_test_main(void);

namespace {

class CTest : public testing::Test {
 public:
  explicit CTest(UnityTest test) : test_(test) {}

  void TestBody() override {
    const UnityVerdict verdict = unity_execute(test_);
    if (verdict.outcome == unity_failed) ADD_FAILURE_AT(verdict.file, verdict.line) << verdict.text;
    if (verdict.outcome == unity_ignored) GTEST_SKIP() << verdict.text;
  }

 private:
  UnityTest test_;
};

// "ring_test" of ".../ring_test.c".
std::string suite_name(const std::string& file) {
  const std::size_t slash = file.find_last_of('/');
  const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
  return name.substr(0, name.find('.'));
}

}  // namespace

void unity_begin(const char* /*file*/) {}
int unity_end(void) { return 0; }

void unity_run(UnityTest test, const char* name, const char* file, int line) {
  testing::RegisterTest(suite_name(file).c_str(), name, nullptr, nullptr, file, line,
                        [test]() -> testing::Test* { return new CTest(test); });
}

void unity_print_line(const char* text) { std::printf("%s\n", text); }

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  (void)unity_test_main();
  return RUN_ALL_TESTS();
}
