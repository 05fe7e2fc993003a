// Gives back what only the start needed.
#pragma once

namespace sluice {

// Code and tables that are only read (parsing the configuration, the linker's own) leave the
// resident set; what runs on comes back, page by page, from the kernel's cache of the file. Free
// heap goes back as well. Any thread; costs some milliseconds of page faults.
void release_startup_memory();

}  // namespace sluice
