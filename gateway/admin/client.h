// The tools' side of the admin interface: one request over the Unix socket of a running gateway.
#pragma once

#include <chrono>
#include <string>

#include "core/result.h"
#include "gateway/admin/http_server.h"

namespace sluice {

// Errors: try_later when nobody answers there, with what to do about it.
Result<AdminResponse> ask_gateway(const std::string& socket_path, const AdminRequest& request,
                                  std::chrono::seconds timeout);

}  // namespace sluice
