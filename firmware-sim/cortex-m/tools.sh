# Shared by the scripts of this folder; to be sourced from the root of the tree.

board_require_tools() {
  missing=""
  command -v arm-none-eabi-gcc >/dev/null || missing="$missing gcc-arm-none-eabi"
  [ -z "$missing" ] && [ ! -e "$(arm-none-eabi-gcc -print-file-name=nano.specs)" ] && missing="$missing libnewlib-arm-none-eabi"
  command -v qemu-system-arm >/dev/null || missing="$missing qemu-system-arm"
  [ -z "$missing" ] && return
  echo "SKIPPED: the emulated board needs the Debian packages:$missing"
  exit 77
}

# board_build PROGRAM.elf SOURCE...
board_build() {
  program=$1
  shift
  arm-none-eabi-gcc -std=c99 -mcpu=cortex-m3 -mthumb -Os -g -ffunction-sections -fdata-sections -Wall -Wextra \
    -Wconversion -Wshadow -Werror -I . --specs=nano.specs -nostartfiles -Wl,--gc-sections \
    -T firmware-sim/cortex-m/board.ld -o "$program" firmware-sim/cortex-m/startup.c \
    firmware-sim/cortex-m/semihosting.c firmware-sim/node/*.c "$@"
}

# board_machine PROGRAM.elf [QEMU-OPTION...]: replaces the shell by the emulator, under the command $board_limit if set.
board_machine() {
  program=$1
  shift
  # shellcheck disable=SC2086
  exec ${board_limit:-} qemu-system-arm -machine mps2-an385 -display none -monitor none -serial none -kernel "$program" "$@"
}
