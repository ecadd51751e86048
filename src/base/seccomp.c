/*
 * The list has the calls that the release binary contains (tests/e2e/test_calls.py reads them out
 * of it, so a new call is found before it is refused), their counterparts on the other machine, and
 * those that musl may use instead. Some calls are allowed with certain arguments only: threads but
 * no processes, memory but none that can be executed, addresses of the internet but no other
 * sockets, terminals but no other devices.
 *
 * A refused call raises SIGSYS instead of just failing, so that it leaves a trace. The handler
 * writes a line and sets the error that the call returns, so the program goes on as on a kernel
 * that lacks the call. While the signal is blocked, as it is for an instant when a thread is
 * created, the kernel ends the process instead.
 */
#include "base/seccomp.h"

#include "base/scoped.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef HARDEN_NOTHING
static const bool examined = true;
#else
static const bool examined = false;
#endif

/* 0: no list has been made for this machine. */
#if defined(__x86_64__)
static const unsigned machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const unsigned machine = AUDIT_ARCH_AARCH64;
#else
static const unsigned machine = 0;
#endif

/* --- what is allowed ----------------------------------------------------------------------- */

/* The calls of a running copy come first: the kernel may search the list from the start. */
static const unsigned allowed[] = {
	SYS_recvfrom,
	SYS_sendto,
	SYS_futex,
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_ppoll,
	SYS_pselect6,
	SYS_recvmsg,
	SYS_sendmsg,
	SYS_close,
	SYS_fcntl,
	SYS_connect,
	SYS_bind, /* for the resolver; Landlock forbids it for TCP */
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_shutdown,
	SYS_eventfd2,
	SYS_timerfd_create, /* a run's request to stop: timers and what joins their descriptors */
	SYS_timerfd_settime,
	SYS_timer_create,
	SYS_timer_settime,
	SYS_timer_delete,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait, /* a server's threads; its socket is opened before */
	SYS_accept4,
	SYS_accept,
	SYS_pipe2,
	SYS_openat,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_lseek,
	SYS_getdents64,
	SYS_readlinkat,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_renameat,
	SYS_renameat2,
	SYS_unlinkat,
	SYS_mkdirat, /* a folder of images: layouts, links between them, their locks */
	SYS_linkat,
	SYS_flock,
	SYS_sync_file_range,
	SYS_pread64,
	SYS_pwrite64,
	SYS_fsync,
	SYS_fdatasync,
	SYS_ftruncate,
	SYS_fchmod,
	SYS_getcwd,
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_exit,
	SYS_exit_group,
	SYS_set_tid_address,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_membarrier,
	SYS_gettid,
	SYS_getpid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid, /* OpenSSL asks whether the program runs with rights of its own */
	SYS_getegid,
	SYS_tkill, /* for abort() */
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_restart_syscall,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_getrandom,
#ifdef SYS_open /* machines that also have the calls without "at" */
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_readlink,
	SYS_access,
	SYS_rename,
	SYS_unlink,
	SYS_mkdir,
	SYS_poll,
	SYS_select,
	SYS_pipe,
	SYS_eventfd,
	SYS_epoll_create,
	SYS_epoll_wait,
	SYS_getrlimit,
	SYS_time,
#endif
};

/* FICLONE of linux/fs.h: a file gets the content of another, on file systems that share it. */
enum { CLONE_FILE = _IOW(0x94, 9, int) };

/* What an argument must be: one of the values, without certain bits, with all of them, or zero. */
enum rule_kind { ONE_OF, WITHOUT, WITH, ZERO };

struct call_rule {
	unsigned number;
	unsigned argument;
	enum rule_kind kind;
	unsigned code; /* the error that a refused call returns */
	unsigned values[8];
	unsigned count;
};

static const struct call_rule rules[] = {
	{SYS_mmap, 2, WITHOUT, EPERM, {PROT_EXEC}, 1},
	{SYS_mprotect, 2, WITHOUT, EPERM, {PROT_EXEC}, 1},
	{SYS_clone, 0, WITH, EPERM, {CLONE_THREAD}, 1},
	/* The C library needs AF_UNIX to look up the number of a network interface. */
	{SYS_socket, 0, ONE_OF, EAFNOSUPPORT, {AF_INET, AF_INET6, AF_UNIX}, 3},
	{SYS_ioctl,
	 1,
	 ONE_OF,
	 ENOTTY,
	 {TIOCGWINSZ, TCGETS, FIONBIO, FIONREAD, TIOCOUTQ, SIOCGIFINDEX, SIOCGIFNAME, CLONE_FILE},
	 8},
	{SYS_prlimit64, 2, ZERO, EPERM, {0}, 0}, /* to read limits, not to set them */
};

/* --- the filter ---------------------------------------------------------------------------- */

enum { FILTER_MAX = 256, X32 = 0x40000000 };

static const unsigned no_call = 0xffffffff;

struct filter {
	struct sock_filter at[FILTER_MAX];
	unsigned short count;
};

static void add(struct filter *filter, unsigned code, unsigned value, unsigned yes, unsigned no)
{
	filter->at[filter->count++] = (struct sock_filter){
		.code = (uint16_t)code, .jt = (uint8_t)yes, .jf = (uint8_t)no, .k = value};
}

static void load(struct filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void answer(struct filter *filter, unsigned action)
{
	add(filter, BPF_RET | BPF_K, action, 0, 0);
}

static void jump_equal(struct filter *filter, unsigned value, unsigned yes, unsigned no)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}

/* Loads one half of an argument; both machines store the lower half first. */
static void load_argument(struct filter *filter, const struct call_rule *rule, unsigned half)
{
	load(filter, offsetof(struct seccomp_data, args) + rule->argument * sizeof(uint64_t) +
			     half * sizeof(uint32_t));
}

/* Applies the rule if the loaded call number is its own; any other continues after it. */
static void add_rule(struct filter *filter, const struct call_rule *rule)
{
	unsigned short skip = filter->count;
	jump_equal(filter, rule->number, 0, 0);
	load_argument(filter, rule, 0);
	switch (rule->kind) {
	case ONE_OF:
		for (unsigned i = 0; i < rule->count; i++)
			jump_equal(filter, rule->values[i], rule->count - i, 0);
		break;
	case WITHOUT:
		add(filter, BPF_JMP | BPF_JSET | BPF_K, rule->values[0], 0, 1);
		break;
	case WITH:
		add(filter, BPF_JMP | BPF_JSET | BPF_K, rule->values[0], 1, 0);
		break;
	case ZERO:
		jump_equal(filter, 0, 0, 2);
		load_argument(filter, rule, 1);
		jump_equal(filter, 0, 1, 0);
		break;
	}
	answer(filter, SECCOMP_RET_TRAP | rule->code);
	answer(filter, SECCOMP_RET_ALLOW);
	filter->at[skip].jf = (uint8_t)(filter->count - skip - 1);
}

static void build(struct filter *filter)
{
	load(filter, offsetof(struct seccomp_data, arch));
	jump_equal(filter, machine, 1, 0);
	answer(filter, SECCOMP_RET_KILL_PROCESS);
	load(filter, offsetof(struct seccomp_data, nr));
	/* A tracer sets this number to skip a call, as strace does to inject an error. */
	jump_equal(filter, no_call, 0, 1);
	answer(filter, SECCOMP_RET_ALLOW);
#if defined(__x86_64__)
	add(filter, BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
	answer(filter, SECCOMP_RET_TRAP | ENOSYS);
#endif
	for (size_t i = 0; i < array_count(allowed); i++) {
		jump_equal(filter, allowed[i], 0, 1);
		answer(filter, SECCOMP_RET_ALLOW);
	}
	for (size_t i = 0; i < array_count(rules); i++)
		add_rule(filter, &rules[i]);
	answer(filter, SECCOMP_RET_TRAP | ENOSYS);
}

/* --- what a refusal does ------------------------------------------------------------------- */

/* Calls that are not in this table are named by number. */
static const struct {
	int number;
	const char *name;
} names[] = {
	{SYS_execve, "execve"},     {SYS_execveat, "execveat"},
#ifdef SYS_fork
	{SYS_fork, "fork"},         {SYS_vfork, "vfork"},
#endif
	{SYS_clone, "clone"},       {SYS_mmap, "mmap"},
	{SYS_mprotect, "mprotect"}, {SYS_prlimit64, "prlimit64"},
	{SYS_socket, "socket"},     {SYS_socketpair, "socketpair"},
	{SYS_ioctl, "ioctl"},       {SYS_ptrace, "ptrace"},
	{SYS_kill, "kill"},         {SYS_listen, "listen"},
	{SYS_prctl, "prctl"},       {SYS_memfd_create, "memfd_create"},
};

enum { BY_SECCOMP = 1, LINE_SIZE = 200, TOLD_MAX = 1024 };

static atomic_bool told[TOLD_MAX];

struct line {
	char text[LINE_SIZE];
	size_t len;
};

static void append(struct line *line, const char *text)
{
	for (; *text && line->len < sizeof(line->text); text++)
		line->text[line->len++] = *text;
}

static void append_number(struct line *line, unsigned number)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;
	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	append(line, digits + at);
}

/* Uses only what is allowed in a signal handler. */
static void tell(int number)
{
	struct line line = {.len = 0};
	append(&line, "image-syncer: the system call ");
	append_number(&line, (unsigned)number);
	for (size_t i = 0; i < array_count(names); i++) {
		if (names[i].number != number)
			continue;
		append(&line, " (");
		append(&line, names[i].name);
		append(&line, ")");
	}
	append(&line,
	       " was refused, because copying images does not need it: if this run fails, please "
	       "report this line\n");
	if (write(STDERR_FILENO, line.text, line.len) < 0)
		return;
}

static void set_result(ucontext_t *context, int code)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = -code;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long)-(long)code;
#endif
}

static void refused(int signal_number, siginfo_t *info, void *context)
{
	int saved = errno;
	(void)signal_number;
	if (info->si_code != BY_SECCOMP)
		return;
	int number = info->si_syscall;
	bool new = number < 0 || number >= TOLD_MAX || !atomic_exchange(&told[number], true);
	if (new)
		tell(number);
	set_result(context, info->si_errno);
	errno = saved;
}

bool seccomp_confine(void)
{
	struct filter filter = {.count = 0};
	struct sigaction action = {.sa_sigaction = refused, .sa_flags = SA_SIGINFO | SA_RESTART};
	errno = ENOTSUP;
	if (examined || !machine)
		return false;
	build(&filter);
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGSYS, &action, NULL) != 0)
		return false;
	const struct sock_fprog program = {.len = filter.count, .filter = filter.at};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
