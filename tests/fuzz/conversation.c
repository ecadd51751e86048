/*
 * One thread, poll() over all connections. A connection whose request was answered is closed when
 * nothing moves for a moment: half an answer would otherwise cost the client's whole patience.
 */
#include "conversation.h"

#include "fuzz.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 16, HEAD_MAX = 64 * 1024, QUIET_MS = 3 };

struct peer {
	int fd;
	struct buf in;
	bool answered;
};

struct conversation {
	pthread_t thread;
	int stop;
	struct str script;
	const char *const *password;
	const char *home;
	struct peer peers[PEERS_MAX];
	size_t count;
	struct conversation_seen seen;
};

static int listener = -1;

static void open_listener(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	char proxy[64];
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	require(listener >= 0 && bind(listener, (struct sockaddr *)&address, len) == 0);
	require(listen(listener, PEERS_MAX) == 0);
	require(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", ntohs(address.sin_port));
	setenv("http_proxy", proxy, 1);
	setenv("https_proxy", proxy, 1);
	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
}

void conversation_environment(void)
{
	if (listener >= 0)
		return;
	signal(SIGPIPE, SIG_IGN);
	setenv("SSL_CERT_FILE", FUZZ_FOLDER "/trust.pem", 1);
	open_listener();
}

static void drop(struct conversation *conversation, size_t index)
{
	struct peer *peer = &conversation->peers[index];
	close(peer->fd);
	buf_finish(&peer->in);
	conversation->count--;
	*peer = conversation->peers[conversation->count];
}

/* The bytes of the first whole request in text, 0 if it is not whole yet; *head ends its head. */
static size_t request_size(struct str text, size_t *head)
{
	const char *end = text.at ? memmem(text.at, text.len, "\r\n\r\n", 4) : NULL;
	int64_t body = 0;
	if (!end)
		return text.len > HEAD_MAX ? text.len : 0;
	*head = (size_t)(end - text.at) + 4;
	const char *length = memmem(text.at, *head, "\r\nContent-Length: ", 18);
	if (length) {
		struct str number = str_from(text, (size_t)(length - text.at) + 18);
		str_to_int64(str_head(number, str_find(number, '\r')), &body);
	}
	return text.len - *head >= (size_t)body ? *head + (size_t)body : 0;
}

/* The host in "GET http://host:port/path HTTP/1.1". */
static struct str host_of(struct str head)
{
	struct str url = str_from(head, str_find(head, ' ') + 1);
	url = str_head(url, str_find(url, ' '));
	if (!str_starts(url, "http://"))
		return (struct str){0};
	url = str_from(url, 7);
	url = str_head(url, str_find(url, '/'));
	return str_head(url, str_find(url, ':'));
}

static bool has_password(const struct conversation *conversation, struct str head)
{
	for (size_t i = 0; i < 2; i++) {
		const char *form = conversation->password[i];
		if (memmem(head.at, head.len, form, strlen(form)))
			return true;
	}
	return false;
}

/* Sends the next answer. False: the connection is to be closed. */
static bool answer(struct conversation *conversation, struct peer *peer, struct str head)
{
	struct str *script = &conversation->script;
	struct str text = *script;
	if (has_password(conversation, head) &&
	    !str_equal_nocase(host_of(head), str_of(conversation->home)))
		conversation->seen.leaked = true;
	if (str_starts(head, "CONNECT ") || !script->len)
		return false;
	const char *end = memmem(text.at, text.len, "~~~~\n", 5);
	if (end)
		text = str_head(text, (size_t)(end - text.at));
	*script = str_from(*script, text.len + (end ? 5 : 0));
	if (str_starts(head, "PUT ") && memmem(head.at, head.len, "/manifests/", 11) &&
	    text.len > 9 && text.at[9] == '2')
		conversation->seen.manifest_put = true;
	peer->answered = true;
	return !text.len || send(peer->fd, text.at, text.len, MSG_NOSIGNAL) == (ssize_t)text.len;
}

/* Reads what there is and answers each whole request. False: the connection is at its end. */
static bool serve(struct conversation *conversation, struct peer *peer)
{
	static char piece[64 * 1024];
	ssize_t got = recv(peer->fd, piece, sizeof(piece), MSG_DONTWAIT);
	if (got <= 0)
		return false;
	buf_add(&peer->in, piece, (size_t)got);
	require(buf_ok(&peer->in));
	size_t head = 0, size;
	while ((size = request_size(buf_str(&peer->in), &head))) {
		if (!answer(conversation, peer, str_head(buf_str(&peer->in), head)))
			return false;
		memmove(peer->in.at, peer->in.at + size, peer->in.len - size);
		peer->in.len -= size;
	}
	return true;
}

static void take_peer(struct conversation *conversation)
{
	int on = 1;
	int fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (conversation->count == PEERS_MAX)
		drop(conversation, 0);
	conversation->peers[conversation->count++] = (struct peer){.fd = fd};
}

static void close_quiet(struct conversation *conversation)
{
	for (size_t i = conversation->count; i-- > 0;)
		if (conversation->peers[i].answered)
			drop(conversation, i);
}

static void *run(void *ctx)
{
	struct conversation *conversation = ctx;
	for (;;) {
		struct pollfd wait[PEERS_MAX + 2] = {{.fd = conversation->stop, .events = POLLIN},
						     {.fd = listener, .events = POLLIN}};
		size_t count = conversation->count;
		for (size_t i = 0; i < count; i++)
			wait[i + 2] =
				(struct pollfd){.fd = conversation->peers[i].fd, .events = POLLIN};
		int ready = poll(wait, count + 2, count ? QUIET_MS : -1);
		if (wait[0].revents)
			break;
		if (ready == 0)
			close_quiet(conversation);
		/* From the end, because what is dropped is replaced by the last one. */
		for (size_t i = count; ready > 0 && i-- > 0;)
			if (wait[i + 2].revents && !serve(conversation, &conversation->peers[i]))
				drop(conversation, i);
		if (ready > 0 && wait[1].revents)
			take_peer(conversation);
	}
	while (conversation->count)
		drop(conversation, 0);
	return NULL;
}

struct conversation *conversation_start(struct str script, const char *const password[2],
					const char *home)
{
	struct conversation *conversation = calloc(1, sizeof(*conversation));
	require(conversation);
	conversation_environment();
	conversation->script = script;
	conversation->password = password;
	conversation->home = home;
	conversation->stop = eventfd(0, EFD_CLOEXEC);
	require(conversation->stop >= 0);
	require(pthread_create(&conversation->thread, NULL, run, conversation) == 0);
	return conversation;
}

struct conversation_seen conversation_end(struct conversation *conversation)
{
	require(eventfd_write(conversation->stop, 1) == 0);
	pthread_join(conversation->thread, NULL);
	/* Connections the client has given up before they were accepted. */
	for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;)
		close(fd);
	struct conversation_seen seen = conversation->seen;
	close(conversation->stop);
	free(conversation);
	return seen;
}
