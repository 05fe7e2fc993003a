// What `sluice buffer` asks of a running gateway:
//
//   POST /v1/buffer/add/SINK       a block (storage/block.h): its events go upstream again
//   POST /v1/dead-letters/drop     "all", or numbers: 12,15-20
//   POST /v1/dead-letters/retry    the same
//
// Answers {"changed": events or letters, "left": [letters that cannot go again]}.
#pragma once

#include "gateway/admin/http_server.h"
#include "gateway/gateway.h"

namespace sluice {

AdminResponse answer_buffer(const AdminRequest& request, Gateway& gateway);

}  // namespace sluice
