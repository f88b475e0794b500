"""Tries what the sandbox of a unit has to refuse, and prints a line for each: refused, allowed, or unknown.

Runs as the program of a copy of the unit (sandbox.sh), so with its user, groups, capabilities, file system
and system calls. Usage: sandbox-probe.py UNIT OTHER-PID ADDRESS
"""
import ctypes
import errno
import mmap
import os
import socket
import subprocess
import sys

unit, other, address = sys.argv[1], int(sys.argv[2]), sys.argv[3]
own = "store" if unit == "etcd" else unit
libc = ctypes.CDLL(None, use_errno=True)
REFUSALS = {
    errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOENT, errno.EAFNOSUPPORT, errno.ESRCH, errno.ENODEV,
    errno.ENXIO,
}


def attempt(name, action):
    try:
        action()
        print("allowed", name, flush=True)
    except OSError as error:
        word = "refused" if error.errno in REFUSALS else "unknown"
        print(word, name, errno.errorcode.get(error.errno, error.errno), flush=True)
    except subprocess.CalledProcessError as error:
        print("unknown", name, error, flush=True)


def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "syscall")


def write(folder):
    path = f"{folder}/sandbox-probe"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    os.unlink(path)


def read(path):
    with open(path, "rb") as file:
        if not file.read(1):
            raise OSError(errno.ENOENT, "empty")


def run_from(folder):
    path = f"{folder}/sandbox-probe"
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(path, 0o700)
    try:
        subprocess.run([path], check=True)
    finally:
        os.unlink(path)


def set_user_id(folder):
    path = f"{folder}/sandbox-probe"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    try:
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)


def connect():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect((address, 24007))
        except TimeoutError as error:  # what IPAddressDeny= drops
            raise OSError(errno.EPERM, "dropped") from error


def realtime():
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def open_socket(family, kind=socket.SOCK_DGRAM, protocol=0):
    socket.socket(family, kind, protocol).close()


def mounts(options):
    """Mount points whose own flags have one of options, but for the kernel's file systems."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if options in fields[5].split(",") and not fields[4].startswith(("/proc", "/sys", "/dev")):
                yield fields[4]


state = f"/var/lib/gd2/{own}"
attempt("write own-state", lambda: write(state))
for folder in (
    "/etc", "/etc/gd2", "/usr/lib", "/boot", "/var/lib", "/var/lib/gd2", "/var/lib/glusterd", "/var/log",
    "/run", "/run/gd2", "/run/gluster", "/root", "/home", "/data", "/proc/sys/kernel", "/sys/fs/cgroup",
    *(f"/var/lib/gd2/{name}" for name in ("store", "rest", "pmap", "brickd") if name != own),
):
    attempt(f"write {folder}", lambda: write(folder))
attempt("write sysctl", lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)))
for path in (
    "store/pki/client-ca.key", "store/pki/client.key", "store/pki/server.key",
    "store/identity.json", "rest/view", "rest/https.key", "rest/auth", "pmap/view", "brickd/view",
):
    attempt(f"read {path}", lambda: read(f"/var/lib/gd2/{path}"))
attempt("read shadow", lambda: read("/etc/shadow"))
attempt("read host-tmp", lambda: read("/tmp/sandbox-marker"))
if unit != "brickd":  # newer kernels allow it with CAP_SYS_ADMIN
    attempt("read other-environment", lambda: read(f"/proc/{other}/environ"))
attempt("see other-process", lambda: read(f"/proc/{other}/cmdline"))
attempt("enter other-root", lambda: os.listdir(f"/proc/{other}/root/"))
for device in ("kmsg", "loop0", "fuse", "mapper/control"):
    attempt(f"open {device}", lambda: os.close(os.open(f"/dev/{device}", os.O_RDONLY)))
attempt("socket unix", lambda: open_socket(socket.AF_UNIX))
attempt("socket inet", lambda: open_socket(socket.AF_INET))
attempt("socket inet6", lambda: open_socket(socket.AF_INET6))
attempt("socket netlink", lambda: open_socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt("socket packet", lambda: open_socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("socket raw", lambda: open_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt("socket vsock", lambda: open_socket(socket.AF_VSOCK, socket.SOCK_STREAM))
attempt("socket alg", lambda: open_socket(socket.AF_ALG, socket.SOCK_SEQPACKET))
attempt("connect elsewhere", connect)
attempt("signal other", lambda: os.kill(other, 0))
attempt("run own-state", lambda: run_from(state))
attempt("run temporary", lambda: run_from("/tmp"))
attempt("map writable-code", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC).close())
attempt("set set-user-id", lambda: set_user_id(state))
attempt("be realtime", realtime)
attempt("be urgent", lambda: os.setpriority(os.PRIO_PROCESS, 0, -10))
attempt("be root", lambda: os.setresuid(0, 0, 0) if unit != "brickd" else os.setresuid(1, 1, 1))
attempt("call unshare", lambda: call(272, 0x10000000))
attempt("call unshare-mount", lambda: call(272, 0x00020000))
attempt("call setns", lambda: call(308, os.open("/proc/self/ns/mnt", os.O_RDONLY), 0))
attempt("call mount", lambda: call(165, b"none", b"/mnt", b"tmpfs", 0, None))
attempt("call umount", lambda: call(166, b"/var/lib/gd2", 2))
attempt("call chroot", lambda: call(161, b"/"))
attempt("call ptrace", lambda: call(101, 16, other, 0, 0))
attempt("call bpf", lambda: call(321, 0, 0, 0))
attempt("call io_uring_setup", lambda: call(425, 1, ctypes.create_string_buffer(120)))
attempt("call userfaultfd", lambda: call(323, 1))
attempt("call keyctl", lambda: call(250, 0, -3, 1))
attempt("call perf_event_open", lambda: call(298, ctypes.create_string_buffer(128), 0, -1, -1, 0))
attempt("call sethostname", lambda: call(170, b"x", 1))
attempt("call clock_settime", lambda: call(227, 0, ctypes.create_string_buffer(16)))
attempt("call reboot", lambda: call(169, 0xFEE1DEAD, 672274793, 0x89ABCDEF, None))
attempt("call init_module", lambda: call(175, None, 0, b""))
attempt("call chown", lambda: call(92, state.encode(), 1, 1))
attempt("call mknod", lambda: os.mknod(f"{state}/sandbox-node", 0o600 | 0o060000, os.makedev(7, 0)))
if unit != "brickd":  # its bricks may be anywhere
    for point in sorted(set(mounts("rw"))):
        print("allowed", "writable-mount", point)
print("end", flush=True)
