// Where Unity's lines go on the board.
#include "firmware-sim/cortex-m/semihosting.h"
#include "firmware-sim/unity/backend.h"

void unity_print_line(const char* text) {
  semihosting_write(text);
  semihosting_write("\n");
}
