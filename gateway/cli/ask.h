// How the tools ask a running gateway.
#pragma once

#include "gateway/admin/client.h"
#include "gateway/cli/commands.h"

namespace sluice {

// Sends the request to the gateway that the options name. When nobody answers, prints what to do
// about it. Gives the exit code of that.
int ask(const ToolOptions& options, const AdminRequest& request, AdminResponse& response,
        std::chrono::seconds timeout = std::chrono::seconds(30));
// The socket that the options name: itself, the configuration's, or the default.
std::string find_socket(const ToolOptions& options);
// Whether a gateway answers on that socket.
bool is_running(const ToolOptions& options);

}  // namespace sluice
