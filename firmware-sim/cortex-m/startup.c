// From reset to main(): the vector table (ARMv7-M, B1.5), memory, the millisecond tick.
#include <stdint.h>

#include "firmware-sim/cortex-m/board.h"
#include "firmware-sim/cortex-m/semihosting.h"

extern uint32_t board_data_image, board_data_start, board_data_end;
extern uint32_t board_bss_start, board_bss_end, board_stack_end;

int main(void);

// An exit code has eight bits; 256 failed tests shall not look like none.
enum { clock_hz = 25000000, fault_exit_code = 120, max_exit_code = 119 };
static volatile uint32_t* const systick_control = (uint32_t*)0xE000E010;
static volatile uint32_t* const systick_reload = (uint32_t*)0xE000E014;
static volatile uint32_t* const systick_value = (uint32_t*)0xE000E018;
static volatile uint32_t* const reset_control = (uint32_t*)0xE000ED0C;

static volatile uint64_t ticks_ms;

uint64_t board_now_ms(void) {
  // The tick may come between its two halves.
  uint64_t first = ticks_ms;
  uint64_t second = ticks_ms;
  while (first != second) {
    first = second;
    second = ticks_ms;
  }
  return first;
}

void board_sleep(void) { __asm__ volatile("wfi"); }

void board_restart(void) {
  __asm__ volatile("dsb");
  *reset_control = 0x05FA0004;  // VECTKEY and SYSRESETREQ
  for (;;) {
  }
}

static void tick(void) { ++ticks_ms; }

static void fault(void) {
  semihosting_write("board: fault\n");
  semihosting_exit(fault_exit_code);
}

void board_reset(void) {
  const uint32_t* from = &board_data_image;
  for (uint32_t* to = &board_data_start; to < &board_data_end;) *to++ = *from++;
  for (uint32_t* to = &board_bss_start; to < &board_bss_end;) *to++ = 0;
  *systick_reload = clock_hz / 1000 - 1;
  *systick_value = 0;
  *systick_control = 7;  // on, with its interrupt, from the processor's clock
  const int code = main();
  semihosting_exit(code < 0 || code > max_exit_code ? max_exit_code : code);
}

typedef void (*Vector)(void);
__attribute__((section(".vectors"), used)) static const Vector vectors[16] = {
    (Vector)&board_stack_end,
    board_reset,
    fault,  // NMI
    fault,  // HardFault
    fault,  // MemManage
    fault,  // BusFault
    fault,  // UsageFault
    0,
    0,
    0,
    0,
    fault,  // SVCall
    fault,  // DebugMonitor
    0,
    fault,  // PendSV
    tick,   // SysTick
};
