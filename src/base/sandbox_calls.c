/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox_calls.c - a list of system calls that are refused, as a seccomp filter.
 *
 * A list of what is allowed would be shorter to reason about, and would break with the
 * next version of a library. The filter is some 150 instructions; the kernel remembers
 * which calls it allows whatever their arguments are, so that those cost next to nothing.
 */
#include "base/sandbox_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/sanitizer.h"
#include "base/str.h"

#if defined(__x86_64__) && defined(__LP64__)
#    define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__)
#    define OUR_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#    define OUR_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#    define OUR_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#    define OUR_ARCH AUDIT_ARCH_S390X
#endif

/* linux/prctl.h has them from 6.3 on. */
enum { MDWE_SET = 65, MDWE_REFUSE_EXEC_GAIN = 1 };

#ifdef OUR_ARCH
static const unsigned refused[] = {
#    ifndef WITH_SANITIZER
    /* other programs */
    SYS_execve,
    SYS_execveat,
    /* other processes */
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
#    endif
    SYS_process_madvise,
    SYS_pidfd_getfd,
    /* namespaces and mounts */
    SYS_unshare,
    SYS_setns,
    SYS_chroot,
    SYS_pivot_root,
    SYS_mount,
    SYS_umount2,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_swapon,
    SYS_swapoff,
    SYS_quotactl,
    SYS_acct,
    /* the kernel itself */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_syslog,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_fanotify_init,
    SYS_open_by_handle_at,
    SYS_mknodat,
    SYS_vhangup,
#    ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#    endif
#    ifdef SYS_mknod
    SYS_mknod,
#    endif
#    ifdef SYS_iopl
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#    endif
    /* other users */
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_capset,
};

/* The address families that sockets may have. Others are raw, or have protocols that
 * Caldock doesn't use and few people test. */
static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6};

struct filter {
    struct sock_filter at[2 * COUNT(refused) + 32];
    unsigned short n;
};

static void filter_add(struct filter *f, struct sock_filter one)
{
    must_be(f->n < COUNT(f->at));
    f->at[f->n++] = one;
}

static void filter_load(struct filter *f, size_t offset)
{
    filter_add(
        f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void filter_return(struct filter *f, uint32_t action)
{
    filter_add(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* If the loaded number is `value`, go on with the next instruction, else with the one
 * after it. */
static void filter_if(struct filter *f, uint32_t value)
{
    filter_add(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
}

/* The half of an argument in which an int is. */
static size_t argument_offset(size_t i)
{
    return offsetof(struct seccomp_data, args[i])
           + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
}

/* The last call that is looked at: the filter ends in it. */
static void filter_add_socket(struct filter *f)
{
    filter_add(
        f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0));
    filter_return(f, SECCOMP_RET_ALLOW);
    filter_load(f, argument_offset(0));
    for (size_t i = 0; i < COUNT(families); i++) {
        filter_if(f, families[i]);
        filter_return(f, SECCOMP_RET_ALLOW);
    }
    filter_add(
        f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0));
    filter_return(f, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
    filter_load(f, argument_offset(2)); /* getaddrinfo asks routes for addresses */
    filter_if(f, 0);
    filter_return(f, SECCOMP_RET_ALLOW);
    filter_return(f, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

static void filter_make(struct filter *f)
{
    filter_load(f, offsetof(struct seccomp_data, arch));
    filter_add(
        f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0));
    filter_return(f, SECCOMP_RET_ERRNO | EPERM); /* another table of calls */
    filter_load(f, offsetof(struct seccomp_data, nr));
#    ifdef __x86_64__
    filter_add(
        f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    filter_return(f, SECCOMP_RET_ERRNO | EPERM); /* x32's */
#    endif
    for (size_t i = 0; i < COUNT(refused); i++) {
        filter_if(f, refused[i]);
        filter_return(f, SECCOMP_RET_ERRNO | EPERM);
    }
    filter_add_socket(f);
}

const char *sandbox_calls(void)
{
    /* Without SPEC_ALLOW, kernels before 5.16 slow down all branches and loads of whoever
     * has a filter, against code that runs inside of it; none does. */
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    struct filter f = {.n = 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return strerrordesc_np(errno);
    }
    (void)prctl(MDWE_SET, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0); /* from 6.3 on */
    filter_make(&f);
    const struct sock_fprog program = {f.n, f.at};

    long got = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

    if (got > 0) {
        return "a thread has a filter of its own";
    }
    return got == 0 ? NULL : strerrordesc_np(errno);
}
#else
const char *sandbox_calls(void)
{
    return "not known for this processor";
}
#endif
