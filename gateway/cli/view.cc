// sluice view: the rows of a view, once or again and again.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "gateway/admin/url_path.h"
#include "gateway/admin/views.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"
#include "gateway/view_screen.h"

namespace sluice {
namespace {

constexpr auto watch_interval = std::chrono::seconds(2);
constexpr std::string_view clear_screen = "\x1b[H\x1b[2J";

int show(const ToolOptions& options, const std::string& path, std::string_view before) {
  AdminResponse response;
  if (const int code = ask(options, {"GET", path, {}}, response); code != exit_ok) return code;
  if (response.status != 200) {
    print(stderr, "sluice: " + response.body);
    return exit_failed;
  }
  if (options.is_json) {
    print(stdout, response.body + "\n");
    return exit_ok;
  }
  const auto text = render_view(response.body);
  if (!text) {
    print(stderr, "sluice: " + text.error().message + "\n");
    return exit_failed;
  }
  print(stdout, std::string(before) + *text);
  return exit_ok;
}

}  // namespace

int view_command(const ViewCommandOptions& options) {
  std::string path(views_path);
  if (!options.view.empty()) path += "/" + percent_encoded(options.view);
  if (!options.key.empty()) path += "/" + percent_encoded(options.key);
  const bool clears = options.is_watched && isatty(STDOUT_FILENO) == 1;
  int code = show(options.tool, path, clears ? clear_screen : "");
  while (code == exit_ok && options.is_watched) {
    std::fflush(stdout);
    std::this_thread::sleep_for(watch_interval);
    code = show(options.tool, path, clears ? clear_screen : "\n");
  }
  return code;
}

}  // namespace sluice
