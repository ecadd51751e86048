/*
 * A TLS server on loopback, run by the openssl program, and a client: libcurl with net/tls.h.
 *
 * The server gets a free port from the kernel and says which; it is ended by its process id, and by
 * the kernel when the test dies.
 */
#pragma once

#include "test_tls_fixture.h"

#include "net/tls.h"
#include "net/tls_failure.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct server {
	pid_t pid;
	int port;
};

/* The port in openssl's line "ACCEPT 127.0.0.1:12345"; fails when it does not come. */
static inline int server_port(int output)
{
	char text[4096] = "";
	size_t len = 0;
	for (;;) {
		struct pollfd ready = {.fd = output, .events = POLLIN};
		const char *found = strstr(text, "ACCEPT 127.0.0.1:");
		if (found && strchr(found, '\n'))
			return (int)strtol(found + sizeof("ACCEPT 127.0.0.1:") - 1, NULL, 10);
		ssize_t got = poll(&ready, 1, 20000) == 1 && len < sizeof(text) - 1
				      ? read(output, text + len, sizeof(text) - 1 - len)
				      : 0;
		if (got <= 0)
			return 0;
		len += (size_t)got;
		text[len] = '\0';
	}
}

/* Starts "openssl s_server" in the fixture's folder with these arguments. */
static inline struct server server_start(const char *arguments)
{
	int output[2];
	char command[sizeof(fixture_home) + 1024];
	snprintf(command, sizeof(command),
		 "cd '%s' && exec openssl s_server -accept 127.0.0.1:0 -www %s 2>>log </dev/null",
		 fixture_home, arguments);
	assert_int_equal(0, pipe(output));
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(output[1], STDOUT_FILENO);
		close(output[0]);
		close(output[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(output[1]);
	struct server server = {.pid = pid, .port = server_port(output[0])};
	close(output[0]);
	if (!server.port)
		fail_msg("no server: %s (see %s/log)", command, fixture_home);
	return server;
}

static inline void server_stop(const struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

struct client {
	const char *host;
	CURL *easy;
	struct tls_session *session;
	char connect_to[64];
	struct curl_slist to;
	struct buf body;
	CURLcode result;
	char version[16], suite[64];    /* "" when there was none */
	char failure[TLS_FAILURE_SIZE]; /* "" when TLS was not the reason */
	char text[CURL_ERROR_SIZE];
};

static inline size_t client_write(char *bytes, size_t size, size_t count, void *ctx)
{
	buf_add(ctx, bytes, size * count);
	return size * count;
}

/* A client for https://host/ that is led to port, whatever host is. */
static inline void client_open(struct client *client, struct trust_set *tls, const char *host,
			       int port, bool insecure)
{
	char url[300];
	struct error err = {0};
	*client = (struct client){.host = host, .easy = curl_easy_init()};
	client->to.data = client->connect_to;
	snprintf(client->connect_to, sizeof(client->connect_to), "::127.0.0.1:%d", port);
	snprintf(url, sizeof(url), "https://%s/", host);
	assert_non_null(client->easy);
	curl_easy_setopt(client->easy, CURLOPT_URL, url);
	curl_easy_setopt(client->easy, CURLOPT_CONNECT_TO, &client->to);
	curl_easy_setopt(client->easy, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(client->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(client->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(client->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(client->easy, CURLOPT_WRITEFUNCTION, client_write);
	curl_easy_setopt(client->easy, CURLOPT_WRITEDATA, &client->body);
	curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, client->text);
	if (!tls_session_new(tls, client->easy, str_of(host), insecure, &client->session, &err))
		fail_msg("%s", err.text);
}

static inline void client_perform(struct client *client)
{
	client->text[0] = '\0';
	buf_reset(&client->body);
	client->result = curl_easy_perform(client->easy);
	if (client->result)
		tls_session_note(client->session, client->text);
	const char *failure = tls_session_failure(client->session);
	const char *suite = tls_session_suite(client->session);
	const char *version = tls_session_version(client->session);
	snprintf(client->failure, sizeof(client->failure), "%s", failure ? failure : "");
	snprintf(client->suite, sizeof(client->suite), "%s", suite ? suite : "");
	snprintf(client->version, sizeof(client->version), "%s", version ? version : "");
}

static inline void client_close(struct client *client)
{
	curl_easy_cleanup(client->easy);
	tls_session_free(&client->session);
	buf_finish(&client->body);
}

/* A trust set of a file in the fixture's folder. */
static inline struct trust_set *client_trust(const char *name)
{
	char path[4200];
	fixture_path(path, name);
	struct trust_set *tls = tls_set_new(path);
	assert_non_null(tls);
	return tls;
}
