#define _GNU_SOURCE
#include "CXlator.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

_Static_assert(sizeof(void *) != 8 || sizeof(gd2_xlator_option) == 1152, "options.h's layout");

// GlusterFS xlator.h, `xlator_api_t`, as far as it is needed. Its functions are never called.
typedef struct {
    uint32_t op_versions[4], flags, xlator_id;
    const char *identifier;
    const gd2_xlator_option *options;
} xlator_api;

int gd2_xlator_open(const char *path, const gd2_xlator_option **options, char *error,
                    size_t error_bytes) {
    *options = NULL;
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        snprintf(error, error_bytes, "%s", why ? why : "dlopen");
        return -1;
    }
    const xlator_api *api = dlsym(library, "xlator_api");
    *options = api ? api->options : dlsym(library, "options");
    return *options ? 0 : 1;
}

const gd2_xlator_option *gd2_xlator_option_at(const gd2_xlator_option *options, int index) {
    return options[index].keys[0] ? &options[index] : NULL;
}

const char *gd2_xlator_key(const gd2_xlator_option *option, int index) {
    return index < 4 ? option->keys[index] : NULL;
}

const char *gd2_xlator_value(const gd2_xlator_option *option, int index) {
    return index < 64 ? option->values[index] : NULL;
}

static void limit(__rlimit_resource_t resource, rlim_t value) {
    struct rlimit both = {value, value};
    setrlimit(resource, &both);
}

pid_t gd2_xlator_fork(unsigned cpu_seconds, uint64_t memory_bytes) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) _exit(1);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    signal(SIGXFSZ, SIG_IGN);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_CPU, cpu_seconds);
    limit(RLIMIT_AS, memory_bytes);
    return 0;
}

int gd2_xlator_pipe(int ends[2], int reader_waits) {
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    return reader_waits ? 0 : fcntl(ends[0], F_SETFL, O_NONBLOCK);
}
