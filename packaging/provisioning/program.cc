#include "packaging/provisioning/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "packaging/provisioning/files.h"

namespace sluice {
namespace {

constexpr int exit_not_executed = 127;

// Pipe: closed on every way out.
class Pipe {
 public:
  Pipe() { is_open_ = pipe2(ends_.data(), O_CLOEXEC) == 0; }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool is_open() const { return is_open_; }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_end(std::size_t end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool is_open_ = false;
};

// In the child: never returns.
[[noreturn]] void execute(std::vector<char*>& arguments, const Pipe& input, const Pipe& output,
                          const Pipe& errors) {
  dup2(input.reader(), STDIN_FILENO);
  dup2(output.writer(), STDOUT_FILENO);
  dup2(errors.writer(), STDERR_FILENO);
  setenv("LC_ALL", "C", 1);
  std::signal(SIGPIPE, SIG_DFL);
  execvp(arguments[0], arguments.data());
  _exit(exit_not_executed);
}

// Takes what is there; false at the end.
bool take(int fd, std::string& into) {
  std::array<char, 16384> block{};
  const ssize_t count = read(fd, block.data(), block.size());
  if (count > 0) into.append(block.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

// Writes and reads as the child is ready, so that neither side waits for the other.
void talk(Pipe& input, Pipe& output, Pipe& errors, std::string_view text, ProgramRun& run) {
  fcntl(input.writer(), F_SETFL, O_NONBLOCK);
  if (text.empty()) input.close_end(1);
  while (output.reader() >= 0 || errors.reader() >= 0) {
    std::array<pollfd, 3> waits{
        {{input.writer(), POLLOUT, 0}, {output.reader(), POLLIN, 0}, {errors.reader(), POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[0].revents != 0) {
      const ssize_t count = write(input.writer(), text.data(), text.size());
      if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
      if ((count < 0 && errno != EAGAIN && errno != EINTR) || text.empty()) input.close_end(1);
    }
    if (waits[1].revents != 0 && !take(output.reader(), run.output)) output.close_end(0);
    if (waits[2].revents != 0 && !take(errors.reader(), run.errors)) errors.close_end(0);
  }
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

bool is_installed(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/sbin:/usr/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((std::filesystem::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

Result<ProgramRun> run_program(const std::vector<std::string>& command, std::string_view input) {
  if (!is_installed(command.front())) {
    return Error{ErrorKind::bad_config, "the program " + command.front() + " is not installed"};
  }
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));  // execvp's old signature
  }
  arguments.push_back(nullptr);
  Pipe in;
  Pipe out;
  Pipe errors;
  if (!in.is_open() || !out.is_open() || !errors.is_open()) {
    return system_error(ErrorKind::try_later, "pipe");
  }
  const pid_t child = fork();
  if (child < 0) return system_error(ErrorKind::try_later, "fork");
  if (child == 0) execute(arguments, in, out, errors);
  in.close_end(0);
  out.close_end(1);
  errors.close_end(1);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  ProgramRun run;
  talk(in, out, errors, input, run);
  std::signal(SIGPIPE, before);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

Result<std::string> output_of(const std::vector<std::string>& command, std::string_view input) {
  ProgramRun run = TRY(run_program(command, input));
  if (run.exit_code == 0) return std::move(run.output);
  const std::string said = last_line(run.errors.empty() ? run.output : run.errors);
  return Error{
      ErrorKind::bad_input,
      command.front() + " failed" +
          (said.empty() ? " with exit code " + std::to_string(run.exit_code) : ": " + said)};
}

}  // namespace sluice
