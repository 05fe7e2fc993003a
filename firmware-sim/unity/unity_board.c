// On the board: tests run as they come, with Unity's lines; main()'s result is the exit code.
#include "firmware-sim/unity/backend.h"
#include "firmware-sim/unity/text.h"

static unsigned tests;
static unsigned failures;
static unsigned ignored;

void unity_begin(const char* file) {
  (void)file;
  tests = failures = ignored = 0;
}

// file:line:name:FAIL: text
void unity_run(UnityTest test, const char* name, const char* file, int line) {
  const UnityVerdict verdict = unity_execute(test);
  static const char* const outcomes[] = {"PASS", "FAIL", "IGNORE"};
  ++tests;
  failures += verdict.outcome == unity_failed;
  ignored += verdict.outcome == unity_ignored;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, verdict.file[0] != '\0' ? verdict.file : file);
  unity_text_add_char(&text, ':');
  unity_text_add_signed(&text, verdict.file[0] != '\0' ? verdict.line : line);
  unity_text_add_char(&text, ':');
  unity_text_add(&text, name);
  unity_text_add_char(&text, ':');
  unity_text_add(&text, outcomes[verdict.outcome]);
  if (verdict.text[0] != '\0') {
    unity_text_add(&text, ": ");
    unity_text_add(&text, verdict.text);
  }
  unity_print_line(text.text);
}

int unity_end(void) {
  UnityText text;
  unity_text_clear(&text);
  unity_text_add_unsigned(&text, tests);
  unity_text_add(&text, " Tests ");
  unity_text_add_unsigned(&text, failures);
  unity_text_add(&text, " Failures ");
  unity_text_add_unsigned(&text, ignored);
  unity_text_add(&text, " Ignored");
  unity_print_line(text.text);
  unity_print_line(failures == 0 ? "OK" : "FAIL");
  return (int)failures;
}
