#include "gateway/missing_module.h"

#include <filesystem>

#include "core/module.h"

namespace sluice {

void warn_if_missing(const char* module, const RawTable& table, Diagnostics& diagnostics) {
  const std::string path = module_path(module);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return;
  diagnostics.warning(table.position(), table.path(),
                      "there is no " + path + ", which this needs: install Sluice again");
}

}  // namespace sluice
