/* Loads a server in a closed loop and prints what it can do, a line a run:

     CALLS-A-SECOND P50-US P99-US CPU-US-A-CALL

     load [OPTIONS] ADDRESS getspec VOLUME         SunRPC, as a GlusterFS client asks
     load [OPTIONS] ADDRESS portbybrick BRICK-PATH
     load [OPTIONS] ADDRESS http PATH              HTTP/1.1, GET, connections kept

     ADDRESS          HOST:PORT, or the path of a Unix socket
     -c CONNECTIONS   1
     -d DEPTH         calls under way on each connection, 1
     -s SECONDS       of one run, 2
     -r RUNS          3
     -p PID           the server, for the CPU time; may stand several times
     -w SECONDS       instead: ask every 5 ms until the first good answer, and end

   CPU-US-A-CALL is the user and system time of the PIDs, "-" without. Each answer is checked: a refusal
   ends the program with status 1. One thread and epoll: it takes less than any server that it loads. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 4096, DEPTH_MAX = 64, PIDS_MAX = 16, REPLY_MAX = 16 << 20, CALL_MAX = 8192 };
enum { SAMPLES_MAX = 4 << 20 };

struct connection {
    int fd;
    uint32_t xid;
    uint8_t *in;
    size_t filled, room;
    double sent[DEPTH_MAX];
    unsigned first, under_way;
};

static const char *address, *what, *key;
static uint8_t call[CALL_MAX];
static size_t call_size;
static bool is_http;
static int connections = 1, depth = 1, runs = 3, pids[PIDS_MAX], pid_count;
static double seconds = 2, wait_seconds;
static struct connection all[CONNECTIONS_MAX];
static float *samples;
static size_t sample_count;
static uint64_t done;
static char problem[512];

/* Notes why a connection is of no use; false, so that callers can pass it on. */
static bool bad(const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(problem, sizeof problem, format, list);
    va_end(list);
    return false;
}

static void end(void) {
    fprintf(stderr, "%s %s: %s\n", what, key, problem);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Calls. XDR is big endian; the mark of the record comes first, its top bit says "last fragment". */

static void put(const void *bytes, size_t size) {
    memcpy(call + call_size, bytes, size);
    call_size += size;
}

static void word(uint32_t value) {
    value = htonl(value);
    put(&value, 4);
}

static void opaque(const void *bytes, size_t size) {
    static const uint8_t zero[4];
    word((uint32_t)size);
    put(bytes, size);
    put(zero, (4 - size % 4) % 4);
}

static uint32_t word_at(const uint8_t *bytes) {
    uint32_t value;
    memcpy(&value, bytes, 4);
    return ntohl(value);
}

/* A dict: a count, then both lengths, the key with its NUL, the value with its own. */
static void op_version(const char *name, const char *value) {
    word((uint32_t)strlen(name));
    word((uint32_t)strlen(value) + 1);
    put(name, strlen(name) + 1);
    put(value, strlen(value) + 1);
}

static void make_rpc(uint32_t program, uint32_t version, uint32_t procedure, bool has_dict) {
    word(0); /* the mark, below */
    word(0); /* the xid, at each call */
    word(0);
    word(2);
    word(program);
    word(version);
    word(procedure);
    /* AUTH_GLUSTERFS_V2: pid, uid, gid, no groups, a lock owner of four zero bytes; no verifier. */
    word(390039);
    word(24);
    word((uint32_t)getpid());
    for (int i = 0; i < 3; i++) word(0);
    word(4);
    word(0);
    word(0);
    word(0);
    if (has_dict) word(0); /* flags */
    opaque(key, strlen(key));
    if (has_dict) {
        size_t length_at = call_size, size;
        word(0);
        word(2);
        op_version("min-op-version", "1");
        op_version("max-op-version", "100000");
        size = call_size - length_at - 4;
        uint32_t big = htonl((uint32_t)size);
        memcpy(call + length_at, &big, 4);
        put("\0\0\0", (4 - size % 4) % 4);
    }
    uint32_t mark = htonl(0x80000000u | (uint32_t)(call_size - 4));
    memcpy(call, &mark, 4);
}

static bool make_call(void) {
    if (strlen(key) > CALL_MAX / 2) return bad("too long");
    if (!strcmp(what, "getspec")) make_rpc(14398633, 2, 2, true);
    else if (!strcmp(what, "portbybrick")) make_rpc(34123456, 1, 1, false);
    else if (!strcmp(what, "http")) {
        is_http = true;
        call_size = (size_t)snprintf((char *)call, CALL_MAX,
            "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n", key);
    } else return bad("is no call");
    return true;
}

/* Answers. Both give the bytes of the first whole answer, 0 when it is not whole yet, -1 when it is bad. */

static ssize_t rpc_answer(const struct connection *c) {
    size_t at = 0;
    bool is_last = false;
    while (!is_last) { /* fragments: only their lengths matter, the head is in the first */
        if (c->filled < at + 4) return 0;
        uint32_t mark = word_at(c->in + at);
        is_last = mark >> 31;
        at += 4 + (mark & 0x7fffffff);
        if (at > REPLY_MAX) return bad("a reply of more than %d bytes", REPLY_MAX), -1;
        if (c->filled < at) return 0;
    }
    if (at < 40) return bad("a reply of %zu bytes", at), -1;
    const uint8_t *r = c->in + 4;
    uint32_t verifier = word_at(r + 16), xid = c->xid - c->under_way + 1;
    if (word_at(r) != xid || word_at(r + 4) != 1 || word_at(r + 8) || verifier || word_at(r + 20))
        return bad("xid %u, reply status %u, accept status %u", word_at(r), word_at(r + 8), word_at(r + 20)), -1;
    if ((int32_t)word_at(r + 24) < 0)
        return bad("refused: op_ret %d, op_errno %d", word_at(r + 24), word_at(r + 28)), -1;
    return (ssize_t)at;
}

static ssize_t http_answer(const struct connection *c) {
    const char *text = (const char *)c->in;
    const char *stop = memmem(text, c->filled, "\r\n\r\n", 4);
    if (!stop) return 0;
    if (c->filled < 12 || memcmp(text + 9, "200", 3)) return bad("answered %.32s", text), -1;
    char head[4096];
    size_t size = (size_t)(stop + 2 - text);
    if (size >= sizeof head) return bad("a head of %zu bytes", size), -1;
    memcpy(head, text, size);
    head[size] = 0;
    const char *length = strcasestr(head, "\r\ncontent-length:");
    if (!length) return bad("an answer without Content-Length"), -1;
    size = (size_t)(stop + 4 - text) + strtoul(length + 17, NULL, 10);
    return c->filled < size ? 0 : (ssize_t)size;
}

/* Connections. */

static bool open_connection(struct connection *c) {
    uint8_t *in = c->in;
    size_t room = c->room;
    *c = (struct connection){.in = in, .room = room, .xid = 1};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in remote = {.sin_family = AF_INET};
    struct sockaddr *to = (struct sockaddr *)&local;
    socklen_t size = sizeof local;
    if (address[0] == '/') snprintf(local.sun_path, sizeof local.sun_path, "%s", address);
    else {
        char host[64];
        const char *colon = strrchr(address, ':');
        if (!colon || (size_t)(colon - address) >= sizeof host) return bad("%s is no address", address);
        snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
        if (!inet_aton(host, &remote.sin_addr)) return bad("%s is no address", address);
        remote.sin_port = htons((uint16_t)atoi(colon + 1));
        to = (struct sockaddr *)&remote;
        size = sizeof remote;
    }
    c->fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, to, size)) return bad("%s: %s", address, strerror(errno));
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    return true;
}

static bool send_call(struct connection *c) {
    c->xid++;
    if (!is_http) {
        uint32_t xid = htonl(c->xid);
        memcpy(call + 4, &xid, 4);
    }
    c->sent[(c->first + c->under_way++) % DEPTH_MAX] = now();
    /* DEPTH_MAX calls fit into any socket's buffer. */
    if (send(c->fd, call, call_size, MSG_NOSIGNAL) != (ssize_t)call_size) return bad("not sent: %s", strerror(errno));
    return true;
}

/* Takes what there is; each whole answer is checked, counted, and followed by the next call. */
static bool take(struct connection *c, bool goes_on) {
    if (c->room - c->filled < 65536) {
        c->room = c->room ? 2 * c->room : 1 << 18;
        if (c->room > 2 * REPLY_MAX || !(c->in = realloc(c->in, c->room))) return bad("too long an answer");
    }
    ssize_t count = recv(c->fd, c->in + c->filled, c->room - c->filled, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (count <= 0) return bad("the connection was closed");
    c->filled += (size_t)count;
    while (c->under_way) {
        ssize_t size = is_http ? http_answer(c) : rpc_answer(c);
        if (size <= 0) return size == 0;
        memmove(c->in, c->in + size, c->filled -= (size_t)size);
        double took = now() - c->sent[c->first];
        c->first = (c->first + 1) % DEPTH_MAX;
        c->under_way--;
        done++;
        if (sample_count < SAMPLES_MAX) samples[sample_count++] = (float)(took * 1e6);
        if (goes_on && !send_call(c)) return false;
    }
    return true;
}

/* One call on a connection that may block. */
static bool once(struct connection *c) {
    if (!send_call(c)) return false;
    fcntl(c->fd, F_SETFL, 0);
    struct timeval limit = {.tv_sec = 10};
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    double stop = now() + 10;
    while (c->under_way)
        if (!take(c, false)) return false;
        else if (now() > stop) return bad("no answer in 10 s");
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    return true;
}

/* Seconds of user and system time of the servers (proc_pid_stat(5), fields 14 and 15). */
static double cpu(void) {
    double total = 0;
    for (int i = 0; i < pid_count; i++) {
        char path[64], text[1024];
        snprintf(path, sizeof path, "/proc/%d/stat", pids[i]);
        FILE *file = fopen(path, "r");
        size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
        if (file) fclose(file);
        text[size] = 0;
        const char *fields = strrchr(text, ')');
        unsigned long user, system;
        if (!fields || sscanf(fields + 2, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &system) != 2) {
            bad("no process %d", pids[i]);
            end();
        }
        total += (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    }
    return total;
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void run(void) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        if (!open_connection(&all[i]) || !once(&all[i])) end();
        epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event);
    }
    done = sample_count = 0;
    double used = cpu(), began = now(), stop = began + seconds;
    for (int i = 0; i < connections; i++)
        for (int j = 0; j < depth; j++)
            if (!send_call(&all[i])) end();
    while (now() < stop) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, 1000);
        for (int i = 0; i < count; i++)
            if (!take(events[i].data.ptr, true)) end();
    }
    double took = now() - began;
    used = cpu() - used;
    for (int i = 0; i < connections; i++) close(all[i].fd);
    close(epoll);
    if (!done) {
        bad("no answer in %.0f s", seconds);
        end();
    }
    qsort(samples, sample_count, sizeof *samples, by_value);
    printf("%.1f %.1f %.1f ", (double)done / took, samples[sample_count / 2], samples[sample_count * 99 / 100]);
    printf(pid_count ? "%.2f\n" : "-\n", used * 1e6 / (double)done);
    fflush(stdout);
}

static int await(void) {
    double stop = now() + wait_seconds;
    while (now() < stop) {
        if (open_connection(&all[0]) && once(&all[0])) return 0;
        if (all[0].fd >= 0) close(all[0].fd);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    end();
    return 1;
}

int main(int argc, char **argv) {
    int option;
    while ((option = getopt(argc, argv, "+c:d:s:r:p:w:")) != -1) {
        switch (option) {
        case 'c': connections = atoi(optarg); break;
        case 'd': depth = atoi(optarg); break;
        case 's': seconds = atof(optarg); break;
        case 'r': runs = atoi(optarg); break;
        case 'w': wait_seconds = atof(optarg); break;
        case 'p':
            if (pid_count < PIDS_MAX) pids[pid_count++] = atoi(optarg);
            break;
        default: return 2;
        }
    }
    if (argc - optind != 3 || connections < 1 || connections > CONNECTIONS_MAX || depth < 1 || depth > DEPTH_MAX) {
        fprintf(stderr, "usage: load [-c CONNECTIONS] [-d DEPTH] [-s SECONDS] [-r RUNS] [-p PID]... "
                        "[-w SECONDS] ADDRESS getspec|portbybrick|http KEY\n");
        return 2;
    }
    address = argv[optind];
    what = argv[optind + 1];
    key = argv[optind + 2];
    samples = malloc(SAMPLES_MAX * sizeof *samples);
    if (!samples || !make_call()) end();
    if (wait_seconds > 0) return await();
    for (int i = 0; i < runs; i++) run();
    return 0;
}
