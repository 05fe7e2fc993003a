/* Makes a process's writes and syncs of a store fail, for io_faults_test.py. A preloaded library:
 *
 *   LD_PRELOAD=fail_io.so SLUICE_FAIL_CONTROL=FILE SLUICE_FAIL_DIRECTORY=STORE sluice run ...
 *
 * FILE holds a `struct control`, which the test changes while the process runs: for each kind of
 * call that every nth fails (0: none), and how. What the library counts there tells the test that
 * its fault has been met. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "watched_files.h"

enum kind {
  kind_data, /* writes that a later sync makes durable */
  kind_meta, /* writes that are durable when they return (O_DSYNC): LMDB's commit */
  kind_sync, /* fdatasync, fsync */
  kinds
};

struct control {
  uint32_t every[kinds];  /* 0: no fault */
  int32_t error[kinds];   /* errno; 0: half of it is written and the call says so; -errno: the
                             call is made, and says that it failed */
  uint32_t calls[kinds];  /* of this kind so far */
  uint32_t faults[kinds]; /* made so far */
};

static struct control* control;

__attribute__((constructor)) static void begin(void) {
  const char* name = getenv("SLUICE_FAIL_CONTROL");
  if (name == NULL) return;
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) abort();
  void* map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) abort();
  control = map;
  syscall(SYS_close, fd);
  watch_begin("SLUICE_FAIL_DIRECTORY");
}

/* Whether this call is to fail. */
static bool is_due(enum kind kind) {
  if (control == NULL) return false;
  const uint32_t call = __atomic_add_fetch(&control->calls[kind], 1, __ATOMIC_RELAXED);
  const uint32_t every = __atomic_load_n(&control->every[kind], __ATOMIC_RELAXED);
  if (every == 0 || call % every != 0) return false;
  __atomic_add_fetch(&control->faults[kind], 1, __ATOMIC_RELAXED);
  return true;
}

static int open_at(int directory, const char* name, int flags, mode_t mode) {
  char buffer[2 * PATH_MAX];
  const char* path = watch_path(directory, name, buffer, sizeof buffer);
  const int fd = (int)syscall(SYS_openat, directory, name, flags, mode);
  if (path != NULL) watch_opened(fd, path, flags);
  return fd;
}

#define MODE_ARGUMENT(flags)     \
  mode_t mode = 0;               \
  if ((flags & O_CREAT) != 0) {  \
    va_list rest;                \
    va_start(rest, flags);       \
    mode = va_arg(rest, mode_t); \
    va_end(rest);                \
  }

int open(const char* name, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(AT_FDCWD, name, flags, mode);
}
int open64(const char* name, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(AT_FDCWD, name, flags, mode);
}
int openat(int directory, const char* name, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(directory, name, flags, mode);
}
int openat64(int directory, const char* name, int flags, ...) {
  MODE_ARGUMENT(flags)
  return open_at(directory, name, flags, mode);
}

int close(int fd) {
  watch_closed(fd);
  return (int)syscall(SYS_close, fd);
}

/* What is to become of a write. */
struct verdict {
  size_t size; /* to be written */
  int error;   /* to be said then; 0: the truth */
};

static struct verdict judge(int fd, size_t size) {
  const struct verdict good = {size, 0};
  const struct watched* file = watch_of(fd);
  if (file == NULL) return good;
  const enum kind kind = file->is_synced ? kind_meta : kind_data;
  if (!is_due(kind)) return good;
  const int error = control->error[kind];
  const struct verdict bad = {error == 0 ? size / 2 : error > 0 ? 0 : size, abs(error)};
  return bad;
}

static ssize_t answer(struct verdict verdict, ssize_t written) {
  if (verdict.error == 0) return written;
  errno = verdict.error;
  return -1;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const struct verdict verdict = judge(fd, size);
  return answer(verdict, syscall(SYS_pwrite64, fd, bytes, verdict.size, offset));
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  const struct verdict verdict = judge(fd, size);
  return answer(verdict, syscall(SYS_write, fd, bytes, verdict.size));
}

/* A vectored write is cut short at its first part. */
static ssize_t write_parts(int fd, const struct iovec* parts, int count, off_t offset, long call) {
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  const struct verdict verdict = judge(fd, size);
  if (verdict.size == size) return answer(verdict, syscall(call, fd, parts, count, offset, 0));
  const struct iovec half = {parts[0].iov_base, verdict.size == 0 ? 0 : parts[0].iov_len / 2};
  return answer(verdict, syscall(call, fd, &half, 1, offset, 0));
}
ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  return write_parts(fd, parts, count, offset, SYS_pwritev);
}
ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t offset) {
  return write_parts(fd, parts, count, offset, SYS_pwritev);
}
ssize_t writev(int fd, const struct iovec* parts, int count) {
  return write_parts(fd, parts, count, 0, SYS_writev);
}

static int sync_file(int fd, long call) {
  const bool fails = watch_of(fd) != NULL && is_due(kind_sync);
  if (!fails || control->error[kind_sync] < 0) {
    const int result = (int)syscall(call, fd);
    if (!fails) return result;
  }
  errno = abs(control->error[kind_sync]);
  return -1;
}
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }
int fsync(int fd) { return sync_file(fd, SYS_fsync); }
