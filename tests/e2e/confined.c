/*
 * A process that has confined itself as a run does, and then tries what its arguments say. It prints
 * a line for each: "ok", or the number of the error.
 *
 *   confined calls WORD...      after seccomp_confine()
 *   confined PORT FILE WORD...  after landlock_confine() with this port, and this file to read
 *   confined serve              after seccomp_confine(), with a listener that was bound before; the
 *                               line is the answer, its memory in KiB follows
 */
#include "base/landlock.h"
#include "base/seccomp.h"
#include "serve/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *nothing(void *unused)
{
	return unused;
}

static long make_thread(void)
{
	pthread_t thread;
	errno = pthread_create(&thread, NULL, nothing, NULL);
	return errno ? -1 : pthread_join(thread, NULL);
}

static long map(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
											      : 0;
}

static long protect(int protection)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return mprotect(page, 4096, protection);
}

static long limit(int change)
{
	struct rlimit value;
	long code = getrlimit(RLIMIT_NOFILE, &value);
	return change ? setrlimit(RLIMIT_NOFILE, &value) : code;
}

static long reach(const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((unsigned short)atoi(port)),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return connect(fd, (const struct sockaddr *)&to, sizeof(to));
}

static long take_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(fd, (const struct sockaddr *)&at, sizeof(at));
}

static long try_call(const char *word)
{
	char *const none[] = {NULL};
	char key = 'x';
	if (strcmp(word, "execve") == 0)
		return execve("/bin/true", none, none);
	if (strcmp(word, "fork") == 0)
		return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (strcmp(word, "thread") == 0)
		return make_thread();
	if (strcmp(word, "kill") == 0)
		return kill(getpid(), 0);
	if (strcmp(word, "ptrace") == 0)
		return syscall(SYS_ptrace, 0, 0, 0, 0);
	if (strcmp(word, "map") == 0)
		return map(PROT_READ | PROT_WRITE);
	if (strcmp(word, "map-code") == 0)
		return map(PROT_READ | PROT_EXEC);
	if (strcmp(word, "protect-code") == 0)
		return protect(PROT_READ | PROT_EXEC);
	if (strcmp(word, "internet") == 0)
		return socket(AF_INET6, SOCK_DGRAM, 0);
	if (strcmp(word, "packets") == 0)
		return socket(AF_PACKET, SOCK_RAW, 0);
	if (strcmp(word, "push-key") == 0)
		return ioctl(STDERR_FILENO, TIOCSTI, &key);
	if (strcmp(word, "ask-limit") == 0)
		return limit(0);
	if (strcmp(word, "set-limit") == 0)
		return limit(1);
	if (strcmp(word, "none") == 0)
		return syscall(-1);
	if (strcmp(word, "unknown") == 0)
		return syscall(9999);
	errno = EINVAL;
	return -1;
}

static long try_rule(const char *word)
{
	if (strcmp(word, "bind") == 0)
		return take_port();
	if (strcmp(word, "parent") == 0)
		return kill(getppid(), 0);
	return word[0] == '/' ? open(word, O_RDONLY | O_CLOEXEC) : reach(word);
}

static void *answer(void *request)
{
	const struct listener_answer late = {
		.status = 200, .type = "text/plain", .body = STR("late")};
	listener_answer(request, &late);
	return NULL;
}

static void answer_later(void *ctx, struct listener_request *request)
{
	pthread_create(ctx, NULL, answer, request);
}

/* Two requests, the second of which ends the connection; prints the end of what came. */
static long ask(unsigned port)
{
	static const char requests[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
				       "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons((unsigned short)port),
				       .sin_addr = {htonl(INADDR_LOOPBACK)}};
	char got[4096];
	ssize_t len = 0, piece;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ||
	    send(fd, requests, sizeof(requests) - 1, 0) < 0)
		return -1;
	while ((piece = recv(fd, got + len, sizeof(got) - (size_t)len, 0)) > 0)
		len += piece;
	printf("%.*s\n", len < 4 ? 0 : 4, got + len - 4);
	return len;
}

static long memory(void)
{
	char text[4096] = "";
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	const char *line = len < 0 ? NULL : strstr(text, "VmRSS:");
	return line ? strtol(line + strlen("VmRSS:"), NULL, 10) : -1;
}

static int serve(void)
{
	pthread_t thread;
	struct listener *listener = NULL;
	struct error err;
	const struct listener_options options = {.address = "127.0.0.1:0",
						 .header_bytes = 8192,
						 .body_bytes = 65536,
						 .seconds = 10,
						 .connections = 256,
						 .serve = answer_later,
						 .ctx = &thread};
	if (!listener_bind(&options, &listener, &err))
		return 1;
	if (!seccomp_confine())
		return 77;
	if (!listener_start(listener, &err) || ask(listener_port(listener)) < 0)
		return 1;
	printf("%ld\n", memory());
	listener_free(&listener);
	return 0;
}

int main(int argc, char **argv)
{
	bool calls = argc > 1 && strcmp(argv[1], "calls") == 0;
	int first = calls ? 2 : 3;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return serve();
	if (calls && !seccomp_confine())
		return 77;
	if (!calls) {
		const char *read[] = {argv[2], NULL}, *none[] = {NULL};
		const uint16_t ports[] = {(uint16_t)atoi(argv[1])};
		const struct landlock_rules rules = {
			.read = read, .write = none, .fill = none, .ports = ports, .port_count = 1};
		if (landlock_confine(&rules) != LANDLOCK_FILES_AND_PORTS)
			return 77;
	}
	for (int i = first; i < argc; i++) {
		errno = 0;
		long code = calls ? try_call(argv[i]) : try_rule(argv[i]);
		printf(code < 0 ? "%d\n" : "ok\n", errno);
	}
	return 0;
}
