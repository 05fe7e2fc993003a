// How an assertion ends its test. Does not return.
#pragma once

#include "firmware-sim/unity/text.h"

void unity_fail_with(const UnityText* text, const char* message, const char* file, int line);
