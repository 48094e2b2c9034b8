#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""under_unit.py [--in ROOT USER] UNIT PROGRAM ARGUMENT...: become the program, as root or as the user of
that root file system, in the confinement that systemd gives a service by seccomp(2) and prctl(2): SystemCallFilter=, RestrictAddressFamilies=, RestrictNamespaces=,
MemoryDenyWriteExecute=, CapabilityBoundingSet= and NoNewPrivileges= of this unit. No systemd has to run.
"""
import ctypes
import errno
import mmap
import os
import pwd
import socket
import subprocess
import sys

import seccomp
from seccomp import Arg, EQ, GE, MASKED_EQ

PR_CAPBSET_DROP = 24
CAPS = 64
NAMESPACES = 0x7E020080  # every CLONE_NEW*
SHM_EXEC = 0o100000


def settings(unit):
    """The values of each key of [Service], in order; an empty one takes back those before."""
    found = {}
    for line in open(unit, encoding="utf-8"):
        key, is_pair, value = line.strip().partition("=")
        if is_pair and not key.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def group(name):
    """The system calls of a group of systemd's, those of the groups in it too."""
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True
    ).stdout
    lines = [line.strip() for line in shown.splitlines()[1:]]
    return set().union(*(group(line) for line in lines if line and not line.startswith("#")))


def allowed(filters):
    """An allow list: the first row begins it, and it has @default, as systemd.exec(5) says."""
    calls = group("@default")
    for row in filters:
        names = set().union(*(group(name) for name in row.lstrip("~").split()))
        calls = calls - names if row.startswith("~") else calls | names
    return calls


def refuse_others(unit):
    """Everything is refused but what the list allows. Calls that this libseccomp or this machine lacks are
    left out, so they are refused, too."""
    rules = seccomp.SyscallFilter(seccomp.ERRNO(getattr(errno, unit["SystemCallErrorNumber"][0])))
    for name in sorted(allowed(unit["SystemCallFilter"])):
        if seccomp.resolve_syscall(seccomp.Arch(), name) >= 0:
            rules.add_rule(seccomp.ALLOW, name)
    return rules


def refuse_families(keep):
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    known = {getattr(socket, family) for family in keep.split()}
    refusal = seccomp.ERRNO(errno.EAFNOSUPPORT)
    for family in set(range(max(known))) - known:
        rules.add_rule(refusal, "socket", Arg(0, EQ, family))
    rules.add_rule(refusal, "socket", Arg(0, GE, max(known) + 1))
    return rules


def refuse_namespaces():
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for bit in (1 << n for n in range(32) if NAMESPACES >> n & 1):
        rules.add_rule(seccomp.ERRNO(errno.EPERM), "unshare", Arg(0, MASKED_EQ, bit, bit))
        rules.add_rule(seccomp.ERRNO(errno.EPERM), "clone", Arg(0, MASKED_EQ, bit, bit))
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags are behind a pointer
    rules.add_rule(seccomp.ERRNO(errno.EPERM), "setns")
    return rules


def refuse_writable_code():
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refusal = seccomp.ERRNO(errno.EPERM)
    both = mmap.PROT_WRITE | mmap.PROT_EXEC
    rules.add_rule(refusal, "mmap", Arg(2, MASKED_EQ, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        rules.add_rule(refusal, call, Arg(2, MASKED_EQ, mmap.PROT_EXEC, mmap.PROT_EXEC))
    rules.add_rule(refusal, "shmat", Arg(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    return rules


def drop_capabilities():
    """Root without any: its files are still its own."""
    libc = ctypes.CDLL(None)
    for capability in range(CAPS):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def enter(root, name):
    """The folder stays the one that it was, by its name."""
    folder = os.getcwd()
    os.chroot(root)
    os.chdir(folder)
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def is_on(unit, key):
    return unit.get(key) == ["yes"]


def main(place, path, program, *arguments):
    unit = settings(path)
    filters = [refuse_families(unit["RestrictAddressFamilies"][0])]
    if is_on(unit, "RestrictNamespaces"):
        filters.append(refuse_namespaces())
    if is_on(unit, "MemoryDenyWriteExecute"):
        filters.append(refuse_writable_code())
    filters.append(refuse_others(unit))  # the last: it refuses seccomp(2) where the unit does
    if unit["CapabilityBoundingSet"] == [""]:
        drop_capabilities()
    if place:
        enter(*place)
    for rules in filters:
        rules.load()  # with no_new_privs
    os.execv(program, [program, *arguments])


given = sys.argv[1:]
inside = given[1:3] if given[0] == "--in" else []
main(inside, *given[3 if inside else 0:])
