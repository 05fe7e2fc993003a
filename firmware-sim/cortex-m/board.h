// The board below the firmware: time, sleep, reset. startup.c
#pragma once

#include <stdint.h>

// Milliseconds since reset.
uint64_t board_now_ms(void);
// Until the next interrupt: a millisecond at most.
void board_sleep(void);
// Resets the processor; RAM that is not initialised at start keeps its content. Does not return.
void board_restart(void);
