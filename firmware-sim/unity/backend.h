// Between unity.c, which compares and words a failure, and the two places where tests run.
#pragma once

#include "firmware-sim/unity/unity.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum UnityOutcome { unity_passed, unity_failed, unity_ignored } UnityOutcome;

// What became of the test that ran last. `text` is "" when there is nothing to say.
typedef struct UnityVerdict {
  UnityOutcome outcome;
  const char* text;
  const char* file;
  int line;
} UnityVerdict;

// setUp, the test, tearDown. Leaves the test by longjmp, over C frames only.
UnityVerdict unity_execute(UnityTest test);

// A line of the log; without its end.
void unity_print_line(const char* text);

#ifdef __cplusplus
}
#endif
