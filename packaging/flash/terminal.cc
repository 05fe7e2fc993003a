#include "packaging/flash/terminal.h"

#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace sluice {
namespace {

// One line from stdin, by read(2): a signal ends it, which iostreams would hide.
std::string read_line() {
  std::string line;
  std::array<char, 1> byte{};
  while (read(STDIN_FILENO, byte.data(), 1) == 1 && byte[0] != '\n') line += byte[0];
  return line;
}

Result<void> check_terminal(const std::string& instead) {
  if (isatty(STDIN_FILENO) == 1) return {};
  return Error{ErrorKind::bad_config, "there is no terminal to ask at: " + instead};
}

}  // namespace

Result<bool> ask_yes(const std::string& question) {
  TRY(check_terminal("give --yes"));
  std::fputs(question.c_str(), stderr);
  return read_line().starts_with('y');
}

Result<std::string> ask_secret(const std::string& question) {
  TRY(check_terminal("give --wifi-psk-file"));
  termios shown{};
  tcgetattr(STDIN_FILENO, &shown);
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  std::fputs(question.c_str(), stderr);
  std::string secret = read_line();
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  std::fputs("\n", stderr);
  return secret;
}

}  // namespace sluice
