// What Swift cannot call by itself: macros, variadic functions, headers that glibc's module lacks.
#pragma once
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/xattr.h>

/// Sends one byte with a descriptor (unix(7), SCM_RIGHTS). 0, or -1 with errno.
int gd2_send_descriptor(int socket, int descriptor);
/// Receives a descriptor, close-on-exec. It, -2 at the end, or -1 with errno.
int gd2_receive_descriptor(int socket);
/// eventfd(2), close-on-exec and nonblocking. -1 with errno.
int gd2_eventfd(void);
/// pidfd_open(2).
int gd2_pidfd_open(pid_t pid);
/// pidfd_send_signal(2).
int gd2_pidfd_signal(int pidfd, int signal);
/// posix_spawn_file_actions_addclosefrom_np(3): the child keeps no descriptor from `first` on.
int gd2_spawn_close_from(posix_spawn_file_actions_t *actions, int first);
/// Gives the calling thread, and what it starts, mounts of its own (unshare(2), CLONE_NEWNS): nobody
/// else sees those that it makes, and they go with the last of these processes. 0, or -1 with errno.
int gd2_own_mounts(void);
/// Starts a program that the kernel kills when the calling thread ends (prctl(2), PR_SET_PDEATHSIG);
/// it has no descriptor but /dev/null. Its pid, or -1 with errno.
pid_t gd2_spawn_dying(const char *path, char *const arguments[]);
