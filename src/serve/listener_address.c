/*
 * A socket file stays behind when its server was killed, and then nothing can be bound to its name.
 * Whether somebody listens there is asked by connecting: only a refusal shows that nobody does, and
 * only then is the file removed.
 *
 * The file has mode 0660 from its first moment, so that the group of the proxy in front may use it
 * and nobody else. Only the umask can do that: bind() creates the file, and it can be connected to
 * as soon as it is there.
 */
#include "serve/listener_address.h"

#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 512,
	FIRST_HANDED_OVER = 3, /* the number that systemd begins with */
	UMASK = 0117,          /* leaves 0660 */
};

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Which kinds of failure the user can mend by another address. */
static bool refuse(const char *text, int code, struct error *err)
{
	switch (code) {
	case EADDRINUSE:
		return error_set(err, ERROR_CONFIG,
				 "cannot listen on %s: another program listens there", text);
	case EACCES:
	case EPERM:
		return error_set(err, ERROR_CONFIG,
				 "cannot listen on %s: not permitted; ports under 1024 and folders "
				 "of others need more rights",
				 text);
	case EADDRNOTAVAIL:
		return error_set(err, ERROR_CONFIG,
				 "cannot listen on %s: this machine does not have the address",
				 text);
	case ENOENT:
	case ENOTDIR:
	case EROFS:
		return error_set(err, ERROR_CONFIG, "cannot listen on %s: %s", text,
				 strerror(code));
	default:
		return error_set(err, ERROR_IO, "cannot listen on %s: %s", text, strerror(code));
	}
}

static bool loopback(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	const struct in6_addr *in6 =
		&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(in6) ||
	       (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == IN_LOOPBACKNET);
}

/* Reads from the socket what it is bound to. */
static bool look(struct listener_address *out)
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof(address);
	if (getsockname(out->fd, (struct sockaddr *)&address, &size) != 0)
		return false;
	errno = EAFNOSUPPORT;
	switch (address.ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		out->port = ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
		break;
	case AF_INET6:
		out->port = ntohs(((const struct sockaddr_in6 *)(const void *)&address)->sin6_port);
		break;
	default:
		return false;
	}
	out->is_public = !loopback(&address);
	return true;
}

/* --- systemd -------------------------------------------------------------------------------- */

static bool usable(int fd)
{
	int listens = 0;
	socklen_t size = sizeof(listens);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens;
}

/* Sets *taken when there is a socket for this process, which out then has. */
static bool take_over(struct listener_address *out, bool *taken, struct error *err)
{
	int64_t pid = 0, count = 0;
	*taken = str_to_int64(str_of(getenv("LISTEN_PID")), &pid) && pid == getpid() &&
		 str_to_int64(str_of(getenv("LISTEN_FDS")), &count) && count > 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!*taken)
		return true;
	if (count != 1)
		return error_set(err, ERROR_CONFIG,
				 "systemd hands over %lld sockets, and the server listens on one: "
				 "leave one ListenStream= in the socket unit",
				 (long long)count);
	if (!usable(FIRST_HANDED_OVER))
		return error_set(
			err, ERROR_CONFIG,
			"systemd hands over a socket that does not listen: the socket unit "
			"needs ListenStream= and Accept=no");
	out->fd = FIRST_HANDED_OVER;
	out->handed_over = true;
	int flags = fcntl(out->fd, F_GETFL);
	if (flags < 0 || fcntl(out->fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(out->fd, F_SETFD, FD_CLOEXEC) < 0 || !look(out))
		return error_set(err, ERROR_IO, "cannot use the socket of systemd: %s",
				 strerror(errno));
	return true;
}

/* --- unix sockets --------------------------------------------------------------------------- */

/* Whether the file is a socket on which nobody listens. */
static bool stale(const struct sockaddr_un *address)
{
	struct stat seen;
	if (lstat(address->sun_path, &seen) != 0 || !S_ISSOCK(seen.st_mode))
		return false;
	scoped(close_fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
	       errno == ECONNREFUSED;
}

static bool bind_file(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(UMASK);
	bool done = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
	int code = errno;
	umask(before);
	errno = code;
	return done;
}

static bool open_file(const char *text, const char *path, struct arena *arena,
		      struct listener_address *out, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	if (path[0] != '/' || len >= sizeof(address.sun_path))
		return error_set(err, ERROR_CONFIG,
				 "cannot listen on %s: the path must begin with / and have at most "
				 "%zu bytes",
				 text, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, len);
	out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (out->fd < 0)
		return refuse(text, errno, err);
	bool bound = bind_file(out->fd, &address);
	if (!bound && errno == EADDRINUSE) {
		if (stale(&address) && unlink(path) == 0)
			log_debug("removed %s, on which nobody listened", path);
		bound = bind_file(out->fd, &address);
	}
	if (!bound)
		return refuse(text, errno, err);
	struct stat seen;
	out->path = arena_string(arena, path);
	if (!out->path)
		return error_memory(err);
	if (lstat(path, &seen) != 0 || listen(out->fd, BACKLOG) != 0)
		return refuse(text, errno, err);
	out->dev = seen.st_dev;
	out->ino = seen.st_ino;
	return true;
}

/* --- addresses ------------------------------------------------------------------------------ */

/* Splits at the last colon: host without brackets; empty: all addresses of the machine. */
static bool split(const char *text, char host[NI_MAXHOST], const char **port)
{
	const char *colon = strrchr(text, ':');
	if (!colon)
		return false;
	struct str name = {text, (size_t)(colon - text)};
	int64_t number;
	if (!str_to_int64(str_of(colon + 1), &number) || number > 65535)
		return false;
	if (name.len > 1 && name.at[0] == '[' && name.at[name.len - 1] == ']')
		name = (struct str){name.at + 1, name.len - 2};
	else if (str_find(name, ':') < name.len)
		return false; /* an address of IPv6 without brackets */
	if (name.len >= NI_MAXHOST)
		return false;
	memcpy(host, name.len ? name.at : "", name.len);
	host[name.len] = '\0';
	*port = colon + 1;
	return true;
}

static int open_one(const struct addrinfo *at)
{
	int on = 1, off = 0;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int code = errno;
	close(fd);
	errno = code;
	return -1;
}

/* All addresses of the machine: one socket for both kinds, or for IPv4 where there is no IPv6. */
static int open_all(const char *port)
{
	unsigned short number = (unsigned short)strtoul(port, NULL, 10);
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(number)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(number)};
	const struct addrinfo both = {.ai_family = AF_INET6,
				      .ai_addr = (struct sockaddr *)&in6,
				      .ai_addrlen = sizeof(in6)};
	const struct addrinfo old = {
		.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&in, .ai_addrlen = sizeof(in)};
	int fd = open_one(&both);
	return fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) ? open_one(&old) : fd;
}

static bool open_named(const char *text, const char *host, const char *port,
		       struct listener_address *out, struct error *err)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	int code = getaddrinfo(host, port, &wanted, &found);
	if (code != 0)
		return error_set(err, ERROR_CONFIG, "cannot listen on %s: %s: %s", text, host,
				 gai_strerror(code));
	for (struct addrinfo *at = found; at && out->fd < 0; at = at->ai_next)
		out->fd = open_one(at);
	code = errno;
	freeaddrinfo(found);
	return out->fd >= 0 || refuse(text, code, err);
}

static bool open_address(const char *text, struct listener_address *out, struct error *err)
{
	char host[NI_MAXHOST];
	const char *port;
	if (!split(text, host, &port))
		return error_set(err, ERROR_CONFIG,
				 "cannot listen on %s: expected HOST:PORT, :PORT, [IPv6]:PORT or "
				 "unix:/PATH",
				 text);
	if (host[0] && !open_named(text, host, port, out, err))
		return false;
	if (!host[0] && (out->fd = open_all(port)) < 0)
		return refuse(text, errno, err);
	return look(out) || refuse(text, errno, err);
}

/* --- both ----------------------------------------------------------------------------------- */

bool listener_address_open(const char *text, struct arena *arena, struct listener_address *out,
			   struct error *err)
{
	bool taken = false, done;
	*out = (struct listener_address){.fd = -1};
	if (!take_over(out, &taken, err))
		done = false;
	else if (taken)
		done = true;
	else if (str_starts(str_of(text), "unix:"))
		done = open_file(text, text + strlen("unix:"), arena, out, err);
	else
		done = open_address(text, out, err);
	if (!done)
		listener_address_close(out);
	return done;
}

void listener_address_close(struct listener_address *address)
{
	struct stat seen;
	if (address->fd < 0)
		return;
	if (!address->handed_over)
		shutdown(address->fd, SHUT_RDWR);
	close(address->fd);
	address->fd = -1;
	if (address->path && lstat(address->path, &seen) == 0 && seen.st_dev == address->dev &&
	    seen.st_ino == address->ino && unlink(address->path) != 0)
		log_debug("cannot remove %s: %s", address->path, strerror(errno));
}
