/*
 * A registry on loopback in a child process, so that what it takes is not the test's: it has one
 * image under every name and keeps nothing, so whatever is pushed is copied again the next time.
 *
 * The path of a repository says what happens: below none/ there is no manifest, below slow/ a blob
 * stops in its middle until small_registry_release(), below hang/ for ever. The child is ended by
 * its process id, and by the kernel when the test dies.
 */
#pragma once

#include "base/buf.h"
#include "oci/digest.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL_LAYER = 200 * 1024, SMALL_HEAD = 8192 };

#define SMALL_MANIFEST "application/vnd.oci.image.manifest.v1+json"

/* What both processes see. */
struct small_shared {
	atomic_uint stopped;  /* blobs that have stopped in their middle since the beginning */
	atomic_uint released; /* so many of them, in all, may go on */
};

struct small_registry {
	pid_t pid;
	int port;
	struct small_shared *shared;
};

/* The image, and where it is served. */
static struct {
	char config[32], layer[SMALL_LAYER], manifest[1024];
	char config_digest[DIGEST_TEXT_SIZE], layer_digest[DIGEST_TEXT_SIZE];
	char manifest_digest[DIGEST_TEXT_SIZE];
	struct small_shared *shared;
} small;

static inline void small_image(void)
{
	strcpy(small.config, "{}");
	memset(small.layer, 'x', sizeof(small.layer));
	digest_of(STR("{}"), small.config_digest);
	digest_of((struct str){small.layer, sizeof(small.layer)}, small.layer_digest);
	snprintf(small.manifest, sizeof(small.manifest),
		 "{\"schemaVersion\":2,\"mediaType\":\"" SMALL_MANIFEST "\",\"config\":{"
		 "\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"size\":2,"
		 "\"digest\":\"%s\"},\"layers\":[{\"mediaType\":"
		 "\"application/vnd.oci.image.layer.v1.tar\",\"size\":%d,\"digest\":\"%s\"}]}",
		 small.config_digest, SMALL_LAYER, small.layer_digest);
	digest_of(str_of(small.manifest), small.manifest_digest);
}

static inline bool small_send(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static inline bool small_head(int fd, int status, size_t length, const char *more)
{
	char head[1024];
	int len = snprintf(head, sizeof(head), "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n%s\r\n",
			   status, length, more);
	return small_send(fd, head, (size_t)len);
}

/* Waits in the middle of a blob. False: the client has gone. */
static inline bool small_stop(int fd, bool for_ever)
{
	unsigned number = for_ever ? 0 : atomic_fetch_add(&small.shared->stopped, 1);
	struct pollfd gone = {.fd = fd, .events = POLLIN};
	while (for_ever || number >= atomic_load(&small.shared->released))
		if (poll(&gone, 1, 5) != 0)
			return false;
	return true;
}

static inline bool small_blob(int fd, const char *path, bool head)
{
	const bool config = strstr(path, small.config_digest);
	const char *bytes = config ? small.config : small.layer;
	size_t len = config ? 2 : SMALL_LAYER, half = len / 2;
	bool slow = strncmp(path, "/v2/slow/", 9) == 0, hang = strncmp(path, "/v2/hang/", 9) == 0;
	if (strncmp(path, "/v2/to/", 7) == 0)
		return small_head(fd, 404, 0, "");
	if (!small_head(fd, 200, len, "") || head)
		return head;
	return small_send(fd, bytes, half) && (!(slow || hang) || config || small_stop(fd, hang)) &&
	       small_send(fd, bytes + half, len - half);
}

static inline bool small_push(int fd, const char *method, const char *path, const char *digest)
{
	char more[512];
	const char *named = strstr(path, "digest=sha256");
	if (strcmp(method, "POST") == 0)
		return small_head(fd, 202, 0, "Location: /v2/to/blobs/uploads/1\r\n");
	if (strcmp(method, "PUT") != 0)
		return small_head(fd, 204, 0, "");
	const char *hex = named ? strpbrk(named, ":%") + (strstr(named, "%3") ? 3 : 1) : digest + 7;
	snprintf(more, sizeof(more), "Docker-Content-Digest: sha256:%.64s\r\n", hex);
	return small_head(fd, 201, 0, more);
}

/* Answers one request whose body has the digest. False: the connection is of no more use. */
static inline bool small_answer(int fd, const char *method, const char *path, const char *digest)
{
	char more[512];
	bool head = strcmp(method, "HEAD") == 0;
	if (strcmp(path, "/v2/") == 0)
		return small_head(fd, 200, 0, "");
	if (!head && strcmp(method, "GET") != 0)
		return small_push(fd, method, path, digest);
	if (strstr(path, "/blobs/"))
		return small_blob(fd, path, head);
	if (strncmp(path, "/v2/to/", 7) == 0 || strncmp(path, "/v2/none/", 9) == 0)
		return small_head(fd, 404, 0, "");
	snprintf(more, sizeof(more),
		 "Content-Type: " SMALL_MANIFEST "\r\nDocker-Content-Digest: %s\r\n",
		 small.manifest_digest);
	return small_head(fd, 200, strlen(small.manifest), more) &&
	       (head || small_send(fd, small.manifest, strlen(small.manifest)));
}

/* Reads a body that begins with what is there already. */
static inline bool small_body(int fd, struct str begun, size_t length, char *digest)
{
	char piece[16384];
	struct digest_hash hash;
	digest_start(&hash, str_of(small.layer_digest));
	digest_update(&hash, begun.at, begun.len);
	for (size_t left = length - begun.len; left;) {
		size_t wanted = left < sizeof(piece) ? left : sizeof(piece);
		ssize_t got = recv(fd, piece, wanted, 0);
		if (got <= 0)
			return false;
		digest_update(&hash, piece, (size_t)got);
		left -= (size_t)got;
	}
	digest_finish(&hash, digest);
	return true;
}

/* Requests of one connection; one is answered before the next is sent. */
static inline void *small_serve(void *ctx)
{
	int fd = (int)(intptr_t)ctx;
	char text[SMALL_HEAD + 1], method[8], path[1024], digest[DIGEST_TEXT_SIZE];
	for (;;) {
		size_t len = 0;
		char *end = NULL;
		while (!end) {
			ssize_t got = recv(fd, text + len, SMALL_HEAD - len, 0);
			/* 22 is the beginning of TLS, which is tried first. */
			if (got <= 0 || text[0] == 22)
				break;
			len += (size_t)got;
			text[len] = '\0';
			end = strstr(text, "\r\n\r\n");
		}
		if (!end || sscanf(text, "%7s %1023s", method, path) != 2)
			break;
		const char *length = strstr(text, "\r\nContent-Length:");
		size_t size = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
		struct str begun = {end + 4, len - (size_t)(end + 4 - text)};
		if (!small_body(fd, begun, size, digest) || !small_answer(fd, method, path, digest))
			break;
	}
	close(fd);
	return NULL;
}

static inline _Noreturn void small_listen(int fd)
{
	pthread_t thread;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	small_image();
	for (;;) {
		int client = accept(fd, NULL, NULL);
		if (client >= 0 &&
		    pthread_create(&thread, NULL, small_serve, (void *)(intptr_t)client) == 0)
			pthread_detach(thread);
	}
}

/* By the only thread. port 0: it could not be started. */
static inline struct small_registry small_registry_start(void)
{
	struct small_registry registry = {.pid = -1};
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	small.shared = mmap(NULL, sizeof(*small.shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || small.shared == MAP_FAILED || bind(fd, (void *)&address, size) != 0 ||
	    listen(fd, 128) != 0 || getsockname(fd, (void *)&address, &size) != 0)
		return registry;
	registry.shared = small.shared;
	registry.pid = fork();
	if (registry.pid == 0)
		small_listen(fd);
	close(fd);
	if (registry.pid > 0)
		registry.port = ntohs(address.sin_port);
	return registry;
}

/* All blobs that have stopped so far, but for those that do for ever, go on. */
static inline void small_registry_release(const struct small_registry *registry)
{
	atomic_store(&registry->shared->released, atomic_load(&registry->shared->stopped));
}

static inline void small_registry_stop(const struct small_registry *registry)
{
	if (registry->pid <= 0)
		return;
	kill(registry->pid, SIGKILL);
	waitpid(registry->pid, NULL, 0);
	munmap(registry->shared, sizeof(*registry->shared));
}
