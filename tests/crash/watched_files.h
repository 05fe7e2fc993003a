/* Which descriptors of the process belong to the store: what the preloaded libraries of the crash
 * tests share.
 *
 *   watch_begin("SLUICE_RECORD_DIRECTORY")   the store's directory, from the environment
 *   path = watch_path(directory_fd, name)    absolute; NULL: not of the store
 *   watch_opened(fd, path, flags) ... watch_of(fd) ... watch_closed(fd)
 *
 * The store is the directory, all below it, and the directory that it lies in (its sync makes the
 * store's own name durable). The real calls are made as system calls: nothing is looked up, and a
 * library that is loaded before us cannot come between. For 64-bit Linux. */
#ifndef TESTS_CRASH_WATCHED_FILES_H
#define TESTS_CRASH_WATCHED_FILES_H

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { max_descriptors = 4096 };

struct watched {
  bool is_watched;
  bool is_synced; /* opened with O_DSYNC or O_SYNC: a write is durable when it returns */
  char path[256];
};

static struct watched watched_table[max_descriptors];
static char watched_directory[PATH_MAX];

static void watch_begin(const char* variable) {
  const char* directory = getenv(variable);
  if (directory != NULL && strlen(directory) < sizeof watched_table[0].path - 64)
    snprintf(watched_directory, sizeof watched_directory, "%s", directory);
}

/* The absolute path in a buffer that the caller lends; NULL when it is not of the store. */
static const char* watch_path(int directory_fd, const char* name, char* buffer, size_t size) {
  if (watched_directory[0] == 0 || name == NULL) return NULL;
  if (name[0] == '/') {
    snprintf(buffer, size, "%s", name);
  } else if (directory_fd == AT_FDCWD) {
    char current[PATH_MAX];
    if (syscall(SYS_getcwd, current, sizeof current) < 0) return NULL;
    snprintf(buffer, size, "%.*s/%s", (int)(size / 2), current, name);
  } else if (directory_fd >= 0 && directory_fd < max_descriptors &&
             watched_table[directory_fd].is_watched) {
    snprintf(buffer, size, "%s/%s", watched_table[directory_fd].path, name);
  } else {
    return NULL;
  }
  size_t length = strlen(buffer);
  while (length > 1 && buffer[length - 1] == '/') buffer[--length] = 0;
  if (length > 3 && strcmp(buffer + length - 3, "/..") == 0) { /* the directory above */
    buffer[length -= 3] = 0;
    while (length > 1 && buffer[length - 1] != '/') buffer[--length] = 0;
    if (length > 1) buffer[--length] = 0;
  }
  const size_t own = strlen(watched_directory);
  if (strncmp(buffer, watched_directory, own) == 0 && (buffer[own] == 0 || buffer[own] == '/'))
    return buffer;
  const char* last = strrchr(watched_directory, '/');
  const bool is_parent = last != NULL && length == (size_t)(last - watched_directory) &&
                         strncmp(buffer, watched_directory, length) == 0;
  return is_parent ? buffer : NULL;
}

static void watch_opened(int fd, const char* path, int flags) {
  const size_t length = strlen(path);
  if (fd < 0 || fd >= max_descriptors || length >= sizeof watched_table[fd].path) return;
  struct watched* file = &watched_table[fd];
  memcpy(file->path, path, length + 1);
  file->is_synced = (flags & (O_DSYNC | O_SYNC)) != 0;
  file->is_watched = true;
}

/* NULL: not a file of the store. */
static const struct watched* watch_of(int fd) {
  return fd >= 0 && fd < max_descriptors && watched_table[fd].is_watched ? &watched_table[fd]
                                                                         : NULL;
}

static void watch_closed(int fd) {
  if (fd >= 0 && fd < max_descriptors) watched_table[fd].is_watched = false;
}

#endif
