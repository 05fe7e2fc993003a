#include "core/module.h"

#include <dlfcn.h>

#include <cstring>
#include <filesystem>
#include <system_error>

namespace sluice {

std::string module_path(const char* name) {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return (program.parent_path().parent_path() / "lib/sluice" / name).string() + ".so";
}

Result<const ModuleHeader*> module_detail::load(const char* name) {
  const std::string path = module_path(name);
  const auto failed = [&](const std::string& why) {
    return Error{ErrorKind::try_later, "the part '" + std::string(name) +
                                           "' of this program cannot be loaded: " + why +
                                           ". Install Sluice again, all of one version"};
  };
  // Never closed: objects that it made may live as long as the process.
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const why = ::dlerror();
    return failed(why != nullptr ? why : path);
  }
  const auto* const header = static_cast<const ModuleHeader*>(::dlsym(library, "sluice_module"));
  if (header == nullptr) return failed(path + " is no module of Sluice");
  if (std::strcmp(header->version, SLUICE_VERSION) != 0) {
    return failed(path + " is of version " + header->version + ", the program of " +
                  SLUICE_VERSION);
  }
  return header;
}

}  // namespace sluice
