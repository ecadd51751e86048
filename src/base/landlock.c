/*
 * The kernel is asked for its version first; of what that cannot do nothing is asked. What the
 * headers of an older system do not know yet is spelt out here, with the version that brought it.
 *
 * With ports come two more: no signals to processes outside, no abstract sockets of them.
 */
#include "base/landlock.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HARDEN_NOTHING
static const bool examined = true;
#else
static const bool examined = false;
#endif

enum {
	READING = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	FIRST = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, /* of version 1 */
	REFER = 1 << 13,                                /* 2 */
	TRUNCATE = 1 << 14,                             /* 3 */
	DEVICES = 1 << 15,                              /* 5: ioctl of devices */
	FILE_WRITING = LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE,
	FOLDER_WRITING =
		FILE_WRITING | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE,
	BIND_TCP = 1 << 0,    /* 4 */
	CONNECT_TCP = 1 << 1, /* 4 */
	ABSTRACT = 1 << 0,    /* 6: abstract sockets of processes outside */
	SIGNALS = 1 << 1,     /* 6: signals to processes outside */
	RULE_PORT = 2,
};

/* struct landlock_ruleset_attr; how much of it the kernel knows depends on its version. */
struct attributes {
	uint64_t files, ports, scopes;
};

/* struct landlock_net_port_attr */
struct port_rule {
	uint64_t allowed, port;
};

struct ruleset {
	int fd; /* -1: none */
	struct attributes handled;
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
	ruleset->handled = (struct attributes){
		.files = (uint64_t)(FIRST | (version >= 2 ? REFER : 0) |
				    (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? DEVICES : 0)),
		.ports = version >= 4 ? BIND_TCP | CONNECT_TCP : 0,
		.scopes = version >= 6 ? ABSTRACT | SIGNALS : 0};
	size_t size = version >= 6 ? sizeof(struct attributes)
				   : (version >= 4 ? 2 : 1) * sizeof(uint64_t);
	ruleset->fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset->handled, size, 0);
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
	struct landlock_path_beneath_attr rule = {.allowed_access = rights & ruleset->handled.files,
						  .parent_fd = fd};
	syscall(SYS_landlock_add_rule, ruleset->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(fd);
}

/*
 * The file itself, which may be a device or a link to elsewhere, and the folder it is replaced in,
 * or made in if it is a link to nothing.
 */
static void allow_writing(const struct ruleset *ruleset, const char *path)
{
	char folder[PATH_MAX];
	struct stat itself, target;
	bool link = lstat(path, &itself) == 0 && S_ISLNK(itself.st_mode);
	bool written_in_place = link && stat(path, &target) == 0;
	allow(ruleset, path, FILE_WRITING);
	if (!written_in_place && file_folder(path, folder))
		allow(ruleset, folder, FOLDER_WRITING);
}

static bool allow_port(const struct ruleset *ruleset, uint16_t port)
{
	struct port_rule rule = {.allowed = CONNECT_TCP, .port = port};
	return syscall(SYS_landlock_add_rule, ruleset->fd, RULE_PORT, &rule, 0) == 0;
}

enum landlock_result landlock_confine(const struct landlock_rules *rules)
{
	scoped(ruleset_finish) struct ruleset ruleset = {.fd = -1};
	errno = ENOTSUP;
	if (examined || !ruleset_init(&ruleset))
		return LANDLOCK_NOTHING;
	for (size_t i = 0; rules->read[i]; i++)
		allow(&ruleset, rules->read[i], READING);
	for (size_t i = 0; rules->write[i]; i++)
		allow_writing(&ruleset, rules->write[i]);
	for (size_t i = 0; ruleset.handled.ports && i < rules->port_count; i++)
		if (!allow_port(&ruleset, rules->ports[i]))
			return LANDLOCK_NOTHING;
	if (syscall(SYS_landlock_restrict_self, ruleset.fd, 0) != 0)
		return LANDLOCK_NOTHING;
	return ruleset.handled.ports ? LANDLOCK_FILES_AND_PORTS : LANDLOCK_FILES;
}
