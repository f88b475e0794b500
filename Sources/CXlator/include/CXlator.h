// What Swift cannot do by itself: walk the option array of a GlusterFS xlator, fork, and call what is
// a GNU extension.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// GlusterFS options.h, `volume_option_t`; frozen there up to `category`. An array of them ends with
/// one whose first key is NULL.
typedef struct {
    const char *keys[4];
    int32_t type;
    double minimum, maximum;
    const char *values[64];
    const char *default_value, *description;
    int32_t check;
    uint32_t op_versions[4], deprecated[4], flags;
    const char *tags[64];
    const char *set_key;
    int32_t level, category;
} gd2_xlator_option;

/// Loads `path`, which runs its constructors, and finds its options in `xlator_api` or, in older
/// xlators and in transports, in `options`. 0; 1 when it has neither, and nothing to list; -1 when
/// it cannot be loaded, with the reason in `error`.
int gd2_xlator_open(const char *path, const gd2_xlator_option **options, char *error,
                    size_t error_bytes);
/// The option at `index`, NULL past the last one. Only forwards from 0.
const gd2_xlator_option *gd2_xlator_option_at(const gd2_xlator_option *options, int index);
/// A string of one of the arrays, NULL past the last one.
const char *gd2_xlator_key(const gd2_xlator_option *option, int index);
const char *gd2_xlator_value(const gd2_xlator_option *option, int index);

/// fork(2), where the child ends with its parent, gets no new rights, writes no file, starts no
/// process (unless it is root), and has bounds of CPU time and memory.
pid_t gd2_xlator_fork(unsigned cpu_seconds, uint64_t memory_bytes);

/// pipe2(2), close-on-exec, of which the end for reading does not wait when asked so.
int gd2_xlator_pipe(int ends[2], int reader_waits);
