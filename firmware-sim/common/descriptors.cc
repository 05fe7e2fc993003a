#include "firmware-sim/common/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "firmware-sim/common/live_line.h"

namespace sluice::sim {

Result<void> allow_descriptors(std::uint64_t wanted) {
  rlimit limit{};
  (void)getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return {};
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted) return {};
  return Error{ErrorKind::bad_config, "needs " + grouped(wanted) +
                                          " file descriptors, and the limit is " +
                                          grouped(limit.rlim_max) +
                                          ": raise it (`ulimit -Hn`, LimitNOFILE= of systemd) "
                                          "or take fewer devices"};
}

}  // namespace sluice::sim
