// Running one test, and what ends it.
#include "firmware-sim/unity/unity.h"

#include <setjmp.h>

#include "firmware-sim/unity/backend.h"
#include "firmware-sim/unity/failure.h"

// One test runs at a time.
static jmp_buf leave;
static UnityVerdict verdict;
static UnityText words;

__attribute__((weak)) void setUp(void) {}
__attribute__((weak)) void tearDown(void) {}

UnityVerdict unity_execute(UnityTest test) {
  verdict.outcome = unity_passed;
  verdict.text = "";
  verdict.file = "";
  verdict.line = 0;
  if (setjmp(leave) == 0) {
    setUp();
    test();
  }
  if (setjmp(leave) == 0) tearDown();
  return verdict;
}

static void end_test(UnityOutcome outcome, const char* text, const char* file, int line) {
  // What tearDown says does not hide why the test failed.
  if (verdict.outcome != unity_failed) {
    verdict.outcome = outcome;
    verdict.text = text == NULL ? "" : text;
    verdict.file = file;
    verdict.line = line;
  }
  longjmp(leave, 1);
}

void unity_fail_with(const UnityText* text, const char* message, const char* file, int line) {
  if (verdict.outcome != unity_failed) {
    words = *text;
    if (message != NULL) {
      if (words.size > 0) unity_text_add(&words, ". ");
      unity_text_add(&words, message);
    }
  }
  end_test(unity_failed, words.text, file, line);
}

void unity_fail(const char* message, const char* file, int line) {
  UnityText text;
  unity_text_clear(&text);
  unity_fail_with(&text, message, file, line);
}

void unity_ignore(const char* message, const char* file, int line) {
  end_test(unity_ignored, message, file, line);
}

void unity_pass(const char* message) { end_test(unity_passed, message, "", 0); }

void unity_say(const char* message, const char* file, int line) {
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, file);
  unity_text_add_char(&text, ':');
  unity_text_add_signed(&text, line);
  unity_text_add(&text, ":INFO: ");
  unity_text_add(&text, message);
  unity_print_line(text.text);
}
