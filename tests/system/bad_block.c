/* A disk with faults for flash_test.py, as a preloaded library:
 *
 *   SLUICE_BAD_BYTE=N       the byte at this offset reads back with one bit changed
 *   SLUICE_SLOW_WRITES=MS   every write takes so long
 *
 * Only pread() and pwrite() of the process are touched, which is how sluice-flash uses its disk. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long long number(const char* name, long long otherwise) {
  const char* text = getenv(name);
  return text == NULL ? otherwise : atoll(text);
}

ssize_t pread(int fd, void* into, size_t bytes, off_t offset) {
  const ssize_t count = syscall(SYS_pread64, fd, into, bytes, offset);
  const long long bad = number("SLUICE_BAD_BYTE", -1);
  if (count > 0 && bad >= offset && bad < offset + count) ((char*)into)[bad - offset] ^= 1;
  return count;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const long long wait = number("SLUICE_SLOW_WRITES", 0);
  const struct timespec span = {wait / 1000, wait % 1000 * 1000000};
  nanosleep(&span, NULL);
  return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pread64(int fd, void* into, size_t bytes, off_t offset) {
  return pread(fd, into, bytes, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  return pwrite(fd, bytes, size, offset);
}
