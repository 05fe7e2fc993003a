#include "gateway/cli/ask.h"

#include <cstdio>
#include <string>
#include <utility>

#include "gateway/cli/print.h"
#include "gateway/configuration.h"

namespace sluice {
std::string find_socket(const ToolOptions& options) {
  if (!options.socket.empty()) return options.socket;
  return read_box_sections(options.configuration_file).admin.resolved_socket();
}

bool is_running(const ToolOptions& options) {
  return ask_gateway(find_socket(options), {"GET", "/healthz", {}}, std::chrono::seconds(5))
      .is_ok();
}

int ask(const ToolOptions& options, const AdminRequest& request, AdminResponse& response,
        std::chrono::seconds timeout) {
  auto answer = ask_gateway(find_socket(options), request, timeout);
  if (!answer) {
    print(stderr, "sluice: " + answer.error().message + "\n");
    return exit_failed;
  }
  response = std::move(*answer);
  return exit_ok;
}

}  // namespace sluice
