/* Logins, tokens and redirects where no repository is meant, as in a registry's own API. */
#include "registry/exchange.h"

#include "registry/host.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BASIC "Authorization: Basic dTp3b3Jk"
#define TOKEN "Authorization: Bearer a-token"
#define END "Content-Length: 0\r\nConnection: close\r\n\r\n"

#define OK_WITH(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\nConnection: close\r\n\r\n"

enum { HEAD_MAX = 8192, REQUESTS_MAX = 16 };

/* A server for one test, in a thread of its own; it answers one request on a connection. */
struct server {
	const char *(*answer)(const char *head); /* "%d" in it is the server's port */
	pthread_t thread;
	int listener, port;
	unsigned count; /* of requests; read once the thread is over */
	char heads[REQUESTS_MAX][HEAD_MAX];
};

static void serve_one(struct server *server, int connection)
{
	char *head = server->heads[server->count];
	char out[HEAD_MAX];
	size_t len = 0;
	ssize_t got = 1;
	while (len < HEAD_MAX - 1 && got > 0 && !strstr(head, "\r\n\r\n")) {
		got = read(connection, head + len, HEAD_MAX - 1 - len);
		if (got > 0 && !len && head[0] == 0x16) /* a handshake: this port speaks http */
			break;
		len += got > 0 ? (size_t)got : 0;
		head[len] = '\0';
	}
	if (!len)
		return;
	server->count++;
	const char *text = server->answer(head);
	const char *port = strstr(text, "%d");
	int size = port ? snprintf(out, sizeof(out), "%.*s%d%s", (int)(port - text), text,
				   server->port, port + 2)
			: snprintf(out, sizeof(out), "%s", text);
	(void)!write(connection, out, (size_t)size);
}

static void *serve(void *ctx)
{
	struct server *server = ctx;
	int connection;
	while (server->count < REQUESTS_MAX &&
	       (connection = accept(server->listener, NULL, NULL)) >= 0) {
		serve_one(server, connection);
		close(connection);
	}
	return NULL;
}

static void server_start(struct server *server, const char *(*answer)(const char *head))
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	memset(server, 0, sizeof(*server));
	server->answer = answer;
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(server->listener, REQUESTS_MAX), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
}

/* --- the client ---------------------------------------------------------------------------- */

static struct server near, far;

struct asked {
	int status;
	char body[64];
	bool ok;
	struct error err;
};

/* Asks near as user "u" with the password "word". */
static struct asked ask_for(const struct request *request)
{
	char name[32];
	struct asked asked = {0};
	snprintf(name, sizeof(name), "127.0.0.1:%d", near.port);
	struct credential entry = {.key = str_of(name),
				   .place = "auth.yaml:1:1",
				   .username = "u",
				   .password = "word",
				   .insecure = true};
	const struct credentials credentials = {&entry, 1};
	const struct http_options http = {.user_agent = "test", .stall_seconds = 5};
	const struct reference ref = {.host = name, .repository = "any"};
	struct registry_options options = {.http = http_new(&http), .credentials = &credentials};
	struct registry *registry = registry_new(&options);
	struct repository any;
	struct http_answer answer = {0};
	assert_non_null(registry);
	assert_true(registry_open(registry, &ref, false, &any, &asked.err));
	scoped(exchange_finish) struct exchange exchange = {.access = &any.access,
							    .request = request,
							    .answer = &answer,
							    .scope = "registry:catalog:*"};
	assert_true(host_enter(any.access.host, &exchange.probing, &asked.err));
	asked.ok = exchange_run(&exchange, &asked.err);
	asked.status = answer.status;
	snprintf(asked.body, sizeof(asked.body), "%s", buf_string(&answer.body));
	http_answer_finish(&answer);
	registry_free(&registry);
	http_free(&options.http);
	return asked;
}

static struct asked ask(const char *method, const char *path)
{
	return ask_for(&(struct request){.method = method, .path = path});
}

/* The last request that server got. */
static const char *last(const struct server *server)
{
	return server->heads[server->count - 1];
}

static const char *answer_basic(const char *head)
{
	if (strstr(head, BASIC))
		return OK_WITH("2") "[]";
	return "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\n" END;
}

static void test_basic(void **state)
{
	(void)state;
	server_start(&near, answer_basic);
	struct asked asked = ask("GET", "/api/v2.0/projects?page=1");
	server_stop(&near);
	assert_true(asked.ok);
	assert_int_equal(asked.status, 200);
	assert_string_equal(asked.body, "[]");
	assert_int_equal(strncmp(last(&near), "GET /api/v2.0/projects?page=1 HTTP", 34), 0);
}

static const char *answer_bearer(const char *head)
{
	if (strstr(head, " /token?"))
		return strstr(head, BASIC) && strstr(head, "scope=registry%3Acatalog%3A%2A")
			       ? OK_WITH("19") "{\"token\":\"a-token\"}"
			       : "HTTP/1.1 403 No\r\n" END;
	if (strstr(head, TOKEN))
		return "HTTP/1.1 204 Good\r\nConnection: close\r\n\r\n";
	return "HTTP/1.1 401 Who\r\n"
	       "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:%d/token\",service=\"s\"\r\n" END;
}

static void test_bearer(void **state)
{
	(void)state;
	server_start(&near, answer_bearer);
	struct asked asked = ask("DELETE", "/api/v1/repository/a/b");
	server_stop(&near);
	assert_true(asked.ok);
	assert_int_equal(asked.status, 204);
	assert_int_equal(strncmp(last(&near), "DELETE /api/v1/repository/a/b HTTP", 34), 0);
}

static const char *answer_away(const char *head)
{
	static char text[256];
	if (!strstr(head, BASIC))
		return answer_basic(head);
	snprintf(text, sizeof(text),
		 "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:%d/list\r\n" END, far.port);
	return text;
}

static const char *answer_list(const char *head)
{
	(void)head;
	return OK_WITH("2") "[]";
}

/* What the policy of URLs allows is followed, and the login stays at home. */
static void test_redirect(void **state)
{
	(void)state;
	server_start(&far, answer_list);
	server_start(&near, answer_away);
	struct asked asked = ask("GET", "/v2/_catalog");
	server_stop(&near);
	server_stop(&far);
	assert_true(asked.ok && asked.status == 200);
	assert_int_equal(far.count, 1);
	assert_true(strstr(last(&near), BASIC) != NULL);
	assert_null(strstr(last(&far), "Authorization"));
}

static const char *answer_refused(const char *head)
{
	(void)head;
	return "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\n" END;
}

static void test_refused(void **state)
{
	(void)state;
	server_start(&near, answer_refused);
	struct asked asked = ask("GET", "/v2/_catalog");
	server_stop(&near);
	assert_true(asked.ok);
	assert_int_equal(asked.status, 401);
	assert_true(near.count <= 4);
}

/* The password alone goes along from the beginning, and a refusal leads nowhere else. */
static void test_password_as_token(void **state)
{
	static const struct request request = {
		.method = "GET", .path = "/api/v4/x", .bearer = true};
	(void)state;
	server_start(&near, answer_refused);
	struct asked asked = ask_for(&request);
	server_stop(&near);
	assert_true(asked.ok);
	assert_int_equal(asked.status, 401);
	assert_int_equal(near.count, 1);
	assert_true(strstr(last(&near), "Authorization: Bearer word\r\n") != NULL);
}

/* The challenge is the answer, and no reason to log in. */
static void test_anonymous(void **state)
{
	static const struct request request = {.method = "GET", .path = "/v2/", .anonymous = true};
	(void)state;
	server_start(&near, answer_bearer);
	struct asked asked = ask_for(&request);
	server_stop(&near);
	assert_true(asked.ok);
	assert_int_equal(asked.status, 401);
	assert_int_equal(near.count, 1);
	assert_null(strstr(last(&near), "Authorization"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basic),
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_password_as_token),
		cmocka_unit_test(test_anonymous),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
