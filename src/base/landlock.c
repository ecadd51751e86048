/*
 * The kernel is asked for its Landlock version first, and only for what that version supports.
 * Constants that the headers of an older system lack are defined here, with the version that
 * introduced them.
 *
 * Limiting ports also forbids signals to processes outside and their abstract sockets.
 */
#include "base/landlock.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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
	FILLING = READING | FOLDER_WRITING | LANDLOCK_ACCESS_FS_MAKE_DIR | REFER,
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

/* The C library has no functions for these calls. */
static bool ruleset_init(struct ruleset *ruleset, bool connects_anywhere)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return false;
	uint64_t connecting = connects_anywhere ? 0 : CONNECT_TCP;
	ruleset->handled = (struct attributes){
		.files = (uint64_t)(FIRST | (version >= 2 ? REFER : 0) |
				    (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? DEVICES : 0)),
		.ports = version >= 4 ? BIND_TCP | connecting : 0,
		.scopes = version >= 6 ? ABSTRACT | SIGNALS : 0};
	size_t size = version >= 6 ? sizeof(struct attributes)
				   : (version >= 4 ? 2 : 1) * sizeof(uint64_t);
	ruleset->fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset->handled, size, 0);
	return ruleset->fd >= 0;
}

/* Allows rights below path; anything but a folder gets only the rights that apply to files. */
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
 * Allows writing the file that path leads to and, unless it is a device, the folder it is replaced
 * in.
 */
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

static bool allow_port(const struct ruleset *ruleset, uint16_t port)
{
	struct port_rule rule = {.allowed = CONNECT_TCP, .port = port};
	return syscall(SYS_landlock_add_rule, ruleset->fd, RULE_PORT, &rule, 0) == 0;
}

enum landlock_result landlock_confine(const struct landlock_rules *rules)
{
	scoped(ruleset_finish) struct ruleset ruleset = {.fd = -1};
	errno = ENOTSUP;
	if (examined || !ruleset_init(&ruleset, !rules->ports))
		return LANDLOCK_NOTHING;
	for (size_t i = 0; rules->read[i]; i++)
		allow(&ruleset, rules->read[i], READING);
	for (size_t i = 0; rules->write[i]; i++)
		allow_writing(&ruleset, rules->write[i]);
	for (size_t i = 0; rules->fill[i]; i++)
		allow(&ruleset, rules->fill[i], FILLING);
	bool by_port = ruleset.handled.ports & CONNECT_TCP;
	for (size_t i = 0; by_port && i < rules->port_count; i++)
		if (!allow_port(&ruleset, rules->ports[i]))
			return LANDLOCK_NOTHING;
	if (syscall(SYS_landlock_restrict_self, ruleset.fd, 0) != 0)
		return LANDLOCK_NOTHING;
	return by_port ? LANDLOCK_FILES_AND_PORTS : LANDLOCK_FILES;
}
