#include <unistd.h>

#include <cstdio>

#include "config/document.h"
#include "config/manual_page.h"
#include "config/reference.h"
#include "gateway/catalog.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"
#include "gateway/configuration.h"
#include "gateway/memory_report.h"
#include "gateway/screen_text.h"
#include "gateway/status_screen.h"
#include "gateway/version.h"
#include "pipelines/aggregates/catalog.h"
#include "pipelines/expression/language.h"

namespace sluice {
int check_command(const std::string& configuration_file) {
  auto document = Document::load(configuration_file);
  if (!document) {
    print(stderr, document.error().message + "\n");
    return exit_bad_configuration;
  }
  const auto configuration = read_configuration(*document);
  print(stderr, document->diagnostics().all_with_source());
  if (!configuration) return exit_bad_configuration;
  print(stdout, configuration_file +
                    " is good: " + count_of(configuration->sources.size(), "source") + ", " +
                    count_of(configuration->pipelines.size(), "pipeline") + ", " +
                    count_of(configuration->sinks.size(), "sink") + "\n");
  print(stdout, memory_report(configuration->pipelines));
  return exit_ok;
}

int status_command(const ToolOptions& options) {
  AdminResponse response;
  if (const int code = ask(options, {"GET", "/status", {}}, response); code != exit_ok) return code;
  if (options.is_json) {
    print(stdout, response.body + "\n");
  } else {
    const auto text = render_status(response.body, isatty(STDOUT_FILENO) == 1);
    if (!text) {
      print(stderr, "sluice: " + text.error().message + "\n");
      return exit_failed;
    }
    print(stdout, *text);
  }
  return json_is_red(response.body) ? exit_failed : exit_ok;
}

int reload_command(const ToolOptions& options) {
  AdminResponse response;
  if (const int code = ask(options, {"POST", "/reload", {}}, response); code != exit_ok)
    return code;
  print(response.status == 200 ? stdout : stderr, response.body);
  return response.status == 200 ? exit_ok : exit_bad_configuration;
}

int reference_command() {
  print(stdout, render_reference(describe_all()) + render_aggregates() + render_language());
  return exit_ok;
}

std::string configuration_page() { return render_manual_page(describe_all(), version); }

}  // namespace sluice
