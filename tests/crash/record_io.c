/* Records what a process does to the files of a store, for power_cut_test.py. A preloaded library:
 *
 *   LD_PRELOAD=record_io.so SLUICE_RECORD_LOG=FILE SLUICE_RECORD_DIRECTORY=STORE sluice run ...
 *
 * SLUICE_RECORD_SYNC_US=N makes each sync (and each write that is one) last N microseconds longer,
 * as on flash: what does not wait for it is seen not to.
 *
 * The log is a row of records, each a `struct entry`, then path, second path and data. An operation
 * is a 'B' (before it is made, with its content) and an 'E' (after it, with its result); a process
 * that is killed between them leaves a 'B' alone. One operation at a time: the log's order is the
 * order in which they took effect.
 *
 * Not seen: writes through a mapping (the store has none: MDB_WRITEMAP is never used; LMDB's reader
 * table is not needed after a crash), and files that stdio opens. recording.py compares what it
 * knows with the real files, so that a call that is missing here is noticed. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "watched_files.h"

enum operation {
  op_open = 'o', /* flags: 1 it was created, 2 it was emptied */
  op_close = 'c',
  op_write = 'w', /* flags: 1 it is durable when it returns */
  op_truncate = 't',
  op_allocate = 'a',
  op_sync = 's',
  op_rename = 'r',
  op_unlink = 'u',
  op_mkdir = 'm',
};

struct entry {
  uint8_t phase; /* 'B' or 'E' */
  uint8_t operation;
  uint8_t flags;
  uint8_t unused;
  int32_t fd;
  int64_t offset; /* truncate: the new size */
  int64_t result; /* 'E': what the call returned, or -errno */
  uint64_t time_ns;
  uint32_t path_bytes;
  uint32_t path2_bytes;
  uint64_t data_bytes;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static long sync_us;

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

__attribute__((constructor)) static void begin(void) {
  const char* name = getenv("SLUICE_RECORD_LOG");
  const char* delay = getenv("SLUICE_RECORD_SYNC_US");
  if (name == NULL) return;
  log_fd =
      (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) abort();
  sync_us = delay == NULL ? 0 : atol(delay);
  watch_begin("SLUICE_RECORD_DIRECTORY");
}

static void put(const void* bytes, size_t size) {
  const char* from = bytes;
  while (size > 0) {
    const long done = syscall(SYS_write, log_fd, from, size);
    if (done <= 0) abort();
    from += done;
    size -= (size_t)done;
  }
}

static void record_begin(struct entry* entry, const char* path, const char* path2,
                         const struct iovec* parts, int count) {
  pthread_mutex_lock(&one_at_a_time);
  entry->phase = 'B';
  entry->path_bytes = path == NULL ? 0 : (uint32_t)strlen(path);
  entry->path2_bytes = path2 == NULL ? 0 : (uint32_t)strlen(path2);
  for (int i = 0; i < count; ++i) entry->data_bytes += parts[i].iov_len;
  entry->time_ns = now_ns();
  put(entry, sizeof *entry);
  put(path, entry->path_bytes);
  put(path2, entry->path2_bytes);
  for (int i = 0; i < count; ++i) put(parts[i].iov_base, parts[i].iov_len);
}

/* Gives `result` on, with errno as the call left it. */
static long record_end(struct entry* entry, long result) {
  const int error = errno;
  const bool waits = entry->operation == op_sync || (entry->operation == op_write && entry->flags);
  if (waits && sync_us > 0) {
    const struct timespec delay = {sync_us / 1000000, sync_us % 1000000 * 1000};
    nanosleep(&delay, NULL);
  }
  entry->phase = 'E';
  entry->result = result < 0 ? -error : result;
  entry->path_bytes = entry->path2_bytes = 0;
  entry->data_bytes = 0;
  entry->time_ns = now_ns();
  put(entry, sizeof *entry);
  pthread_mutex_unlock(&one_at_a_time);
  errno = error;
  return result;
}

static bool exists(const char* path) {
  struct stat info;
  return stat(path, &info) == 0;
}

static int open_at(int directory, const char* name, int flags, mode_t mode) {
  char buffer[2 * PATH_MAX];
  const char* path = watch_path(directory, name, buffer, sizeof buffer);
  if (path == NULL) return (int)syscall(SYS_openat, directory, name, flags, mode);
  struct entry entry = {.operation = op_open};
  entry.flags = (uint8_t)(((flags & O_CREAT) != 0 && !exists(path) ? 1 : 0) |
                          ((flags & O_TRUNC) != 0 ? 2 : 0));
  record_begin(&entry, path, NULL, NULL, 0);
  const int fd = (int)syscall(SYS_openat, directory, name, flags, mode);
  watch_opened(fd, path, flags);
  entry.fd = fd;
  return (int)record_end(&entry, fd);
}

#define MODE_ARGUMENT(flags)                                        \
  mode_t mode = 0;                                                  \
  if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) { \
    va_list rest;                                                   \
    va_start(rest, flags);                                          \
    mode = va_arg(rest, mode_t);                                    \
    va_end(rest);                                                   \
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
int creat(const char* name, mode_t mode) {
  return open_at(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int close(int fd) {
  if (watch_of(fd) == NULL) return (int)syscall(SYS_close, fd);
  struct entry entry = {.operation = op_close, .fd = fd};
  record_begin(&entry, NULL, NULL, NULL, 0);
  watch_closed(fd);
  return (int)record_end(&entry, syscall(SYS_close, fd));
}

static struct entry write_entry(int fd, const struct watched* file, int64_t offset) {
  struct entry entry = {.operation = op_write, .fd = fd, .offset = offset};
  entry.flags = file->is_synced ? 1 : 0;
  return entry;
}

static int64_t position(int fd) {
  const bool appends = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
  return syscall(SYS_lseek, fd, 0, appends ? SEEK_END : SEEK_CUR);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const struct watched* file = watch_of(fd);
  if (file == NULL) return syscall(SYS_pwrite64, fd, bytes, size, offset);
  struct entry entry = write_entry(fd, file, offset);
  const struct iovec part = {(void*)(uintptr_t)bytes, size};
  record_begin(&entry, NULL, NULL, &part, 1);
  return record_end(&entry, syscall(SYS_pwrite64, fd, bytes, size, offset));
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  const struct watched* file = watch_of(fd);
  if (file == NULL) return syscall(SYS_pwritev, fd, parts, count, offset, 0);
  struct entry entry = write_entry(fd, file, offset);
  record_begin(&entry, NULL, NULL, parts, count);
  return record_end(&entry, syscall(SYS_pwritev, fd, parts, count, offset, 0));
}
ssize_t pwritev64(int fd, const struct iovec* parts, int count, off64_t offset) {
  return pwritev(fd, parts, count, offset);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  const struct watched* file = watch_of(fd);
  if (file == NULL) return syscall(SYS_write, fd, bytes, size);
  struct entry entry = write_entry(fd, file, position(fd));
  const struct iovec part = {(void*)(uintptr_t)bytes, size};
  record_begin(&entry, NULL, NULL, &part, 1);
  return record_end(&entry, syscall(SYS_write, fd, bytes, size));
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  const struct watched* file = watch_of(fd);
  if (file == NULL) return syscall(SYS_writev, fd, parts, count);
  struct entry entry = write_entry(fd, file, position(fd));
  record_begin(&entry, NULL, NULL, parts, count);
  return record_end(&entry, syscall(SYS_writev, fd, parts, count));
}

static int on_descriptor(int fd, enum operation operation, long call, off_t size) {
  if (watch_of(fd) == NULL) return (int)syscall(call, fd, size);
  struct entry entry = {.operation = (uint8_t)operation, .fd = fd, .offset = size};
  record_begin(&entry, NULL, NULL, NULL, 0);
  return (int)record_end(&entry, syscall(call, fd, size));
}

int ftruncate(int fd, off_t size) { return on_descriptor(fd, op_truncate, SYS_ftruncate, size); }
int ftruncate64(int fd, off64_t size) {
  return on_descriptor(fd, op_truncate, SYS_ftruncate, size);
}
int fdatasync(int fd) { return on_descriptor(fd, op_sync, SYS_fdatasync, 0); }
int fsync(int fd) { return on_descriptor(fd, op_sync, SYS_fsync, 0); }

int truncate(const char* name, off_t size) {
  const int fd = open_at(AT_FDCWD, name, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int result = ftruncate(fd, size);
  const int error = errno;
  close(fd);
  errno = error;
  return result;
}
int truncate64(const char* name, off64_t size) { return truncate(name, size); }

int fallocate(int fd, int mode, off_t offset, off_t size) {
  if (watch_of(fd) == NULL) return (int)syscall(SYS_fallocate, fd, mode, offset, size);
  struct entry entry = {.operation = op_allocate, .fd = fd, .offset = offset + size};
  record_begin(&entry, NULL, NULL, NULL, 0);
  return (int)record_end(&entry, syscall(SYS_fallocate, fd, mode, offset, size));
}
int fallocate64(int fd, int mode, off64_t offset, off64_t size) {
  return fallocate(fd, mode, offset, size);
}
int posix_fallocate(int fd, off_t offset, off_t size) {
  return fallocate(fd, 0, offset, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  return posix_fallocate(fd, offset, size);
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) {
  char from_buffer[2 * PATH_MAX];
  char to_buffer[2 * PATH_MAX];
  const char* from_path = watch_path(from_directory, from, from_buffer, sizeof from_buffer);
  const char* to_path = watch_path(to_directory, to, to_buffer, sizeof to_buffer);
  if (from_path == NULL || to_path == NULL)
    return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 0);
  struct entry entry = {.operation = op_rename};
  record_begin(&entry, from_path, to_path, NULL, 0);
  return (int)record_end(&entry, syscall(SYS_renameat2, from_directory, from, to_directory, to, 0));
}
int rename(const char* from, const char* to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int directory, const char* name, int flags) {
  char buffer[2 * PATH_MAX];
  const char* path = watch_path(directory, name, buffer, sizeof buffer);
  if (path == NULL) return (int)syscall(SYS_unlinkat, directory, name, flags);
  struct entry entry = {.operation = op_unlink};
  record_begin(&entry, path, NULL, NULL, 0);
  return (int)record_end(&entry, syscall(SYS_unlinkat, directory, name, flags));
}
int unlink(const char* name) { return unlinkat(AT_FDCWD, name, 0); }
int remove(const char* name) {
  if (unlink(name) == 0) return 0;
  return errno == EISDIR ? unlinkat(AT_FDCWD, name, AT_REMOVEDIR) : -1;
}

int mkdir(const char* name, mode_t mode) {
  char buffer[2 * PATH_MAX];
  const char* path = watch_path(AT_FDCWD, name, buffer, sizeof buffer);
  if (path == NULL) return (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);
  struct entry entry = {.operation = op_mkdir};
  record_begin(&entry, path, NULL, NULL, 0);
  return (int)record_end(&entry, syscall(SYS_mkdirat, AT_FDCWD, name, mode));
}
