// Gives back what only the start, a reload or a health check needed.
#pragma once

namespace sluice {

// Code and tables that are only read (parsing the configuration, the linker's own) leave the
// resident set; what runs on comes back, page by page, from the kernel's cache of the file. Free
// heap goes back as well. Any thread; costs some milliseconds of page faults.
void release_rarely_used_memory();

}  // namespace sluice
