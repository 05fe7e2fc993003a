#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"

namespace sluice {

int update_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "sluice-update");
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  execvp(words[0], words.data());
  print(stderr, std::string("sluice: sluice-update: ") + std::strerror(errno) + "\n");
  return exit_failed;
}

}  // namespace sluice
