/*
 * The filter of system calls is a list of what is refused, not of what is allowed: which calls a C
 * library makes changes with its version and with the machine, and a run must not die of that. What
 * is refused fails with EPERM. Starting programs is told from starting threads by the flags of
 * clone; those of clone3 lie in memory, where no filter can look, so it is said not to exist, and
 * callers fall back.
 *
 * Landlock is asked for its version first; of what that cannot do nothing is asked.
 */
#include "base/harden.h"

#include "base/buf.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HARDEN_NOTHING
static const bool examined = true;
#else
static const bool examined = false;
#endif

/* 0: a machine whose calls nobody has looked at. */
#if defined(__x86_64__)
static const unsigned machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const unsigned machine = AUDIT_ARCH_AARCH64;
#else
static const unsigned machine = 0;
#endif

void harden_start(void)
{
	const struct rlimit none = {0, 0};
	if (examined)
		return;
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* --- system calls -------------------------------------------------------------------------- */

/* Other processes, the kernel and the machine: nothing a copy of images has to do with. */
static const unsigned refused[] = {
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kcmp,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_setns,
	SYS_unshare,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_acct,
	SYS_quotactl,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_mknodat,
	SYS_syslog,
	SYS_personality,
	SYS_open_by_handle_at,
	SYS_name_to_handle_at,
	SYS_memfd_create,
	SYS_vhangup,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
#endif
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
#ifdef SYS_open_tree
	SYS_open_tree,
	SYS_move_mount,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
#endif
#ifdef SYS_modify_ldt
	SYS_modify_ldt,
	SYS_iopl,
	SYS_ioperm,
	SYS_mknod,
#endif
};

/* How a program is started. */
static const unsigned starting[] = {
	SYS_execve,
	SYS_execveat,
#ifdef SYS_fork
	SYS_fork,
	SYS_vfork,
#endif
};

static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

enum { FILTER_MAX = 256, X32 = 0x40000000 };

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

/* The call number, which is loaded, fails with code. */
static void refuse(struct filter *filter, unsigned number, int code)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
	answer(filter, SECCOMP_RET_ERRNO | (unsigned)code);
}

/* The lower half of the first argument; both machines store it first. */
static void load_argument(struct filter *filter)
{
	load(filter, offsetof(struct seccomp_data, args));
}

/* clone without CLONE_THREAD makes a process. */
static void refuse_processes(struct filter *filter)
{
	for (size_t i = 0; i < array_count(starting); i++)
		refuse(filter, starting[i], EPERM);
#ifdef SYS_clone3
	refuse(filter, SYS_clone3, ENOSYS);
#endif
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
	load_argument(filter);
	add(filter, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
	answer(filter, SECCOMP_RET_ERRNO | EPERM);
	answer(filter, SECCOMP_RET_ALLOW);
}

static void refuse_families(struct filter *filter)
{
	unsigned count = array_count(families);
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, count + 2);
	load_argument(filter);
	for (unsigned i = 0; i < count; i++)
		add(filter, BPF_JMP | BPF_JEQ | BPF_K, families[i], count - i, 0);
	answer(filter, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

bool harden_calls(bool programs)
{
	struct filter filter = {.count = 0};
	errno = ENOTSUP;
	if (examined || !machine)
		return false;
	load(&filter, offsetof(struct seccomp_data, arch));
	add(&filter, BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0);
	answer(&filter, SECCOMP_RET_KILL_PROCESS);
	load(&filter, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
	add(&filter, BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
	answer(&filter, SECCOMP_RET_ERRNO | EPERM);
#endif
	for (size_t i = 0; i < array_count(refused); i++)
		refuse(&filter, refused[i], EPERM);
	if (!programs)
		refuse_processes(&filter);
	refuse_families(&filter);
	answer(&filter, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = {.len = filter.count, .filter = filter.at};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* --- files --------------------------------------------------------------------------------- */

enum {
	READING = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	ALL = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, /* of the first version */
	REFER = 1 << 13,                              /* since the second */
	TRUNCATE = 1 << 14,                           /* since the third */
	FILE_WRITING = LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE,
	FOLDER_WRITING =
		FILE_WRITING | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE,
};

struct ruleset {
	int fd; /* -1: none */
	unsigned handled;
};

static void ruleset_finish(struct ruleset *ruleset)
{
	if (ruleset->fd >= 0)
		close(ruleset->fd);
}

/* The C library has no functions for these. */
static bool ruleset_init(struct ruleset *ruleset)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return false;
	ruleset->handled = ALL | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
	const uint64_t attributes = ruleset->handled;
	ruleset->fd = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
	return ruleset->fd >= 0;
}

/* Allows rights below path; what is no folder gets only those that a file can have. */
static void allow(const struct ruleset *ruleset, const char *path, unsigned rights)
{
	struct stat info;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode))
		rights &= FILE_WRITING | LANDLOCK_ACCESS_FS_READ_FILE;
	struct landlock_path_beneath_attr rule = {.allowed_access = rights & ruleset->handled,
						  .parent_fd = fd};
	syscall(SYS_landlock_add_rule, ruleset->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(fd);
}

/* The file itself, behind links, and the folder it is made or replaced in unless it is a device. */
static void allow_writing(const struct ruleset *ruleset, const char *path)
{
	struct path found;
	struct error ignored;
	if (!path_find(path, &found, &ignored))
		return;
	allow(ruleset, found.name, FILE_WRITING);
	if (found.kind == PATH_NOTHING || found.kind == PATH_FILE)
		allow(ruleset, dirname(found.name), FOLDER_WRITING);
}

bool harden_files(const struct harden_files *files)
{
	scoped(ruleset_finish) struct ruleset ruleset = {.fd = -1};
	errno = ENOTSUP;
	if (examined || !ruleset_init(&ruleset))
		return false;
	for (size_t i = 0; files->read[i]; i++)
		allow(&ruleset, files->read[i], READING);
	for (size_t i = 0; files->write[i]; i++)
		allow_writing(&ruleset, files->write[i]);
	return syscall(SYS_landlock_restrict_self, ruleset.fd, 0) == 0;
}
