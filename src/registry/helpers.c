/*
 * A question is one message, "helper\nhost", together with a pipe for the answer. Each question has
 * a child of its own, so that a slow helper does not hold up another one. An answer is a letter and
 * texts with NUL between them: Y, username, secret, I or P (identity token or password); or N, the
 * kind of the error as a letter, its words. A thread that stops waiting closes the pipe.
 *
 * The process and its children log only errors, unless the run is debugged: the terminal belongs to
 * the main process. They get SIGTERM when their parent ends, however that happens. A signal from
 * the terminal reaches them as well and ends the helpers that are running.
 */
#include "registry/helpers.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/waits.h"
#include "registry/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUESTION_MAX = 1024, ANSWER_MAX = 160 * 1024, STEP_MS = 1000 };

/* POSIX.1-2024; headers that keep to an older edition hide it. */
int pipe2(int ends[2], int flags);

struct helpers {
	int fd; /* a socket for questions, each a message of its own */
	const char *const *names;
};

/* Room for a descriptor that is sent with a message. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

/* --- the process of the helpers ------------------------------------------------------------- */

/* Receives a question, and in *out the pipe for its answer. False when there are no more. */
static bool receive(int fd, char text[QUESTION_MAX], int *out)
{
	union control control;
	struct iovec piece = {.iov_base = text, .iov_len = QUESTION_MAX - 1};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	ssize_t len = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	*out = -1;
	if (len < 0)
		return errno == EINTR && !cancel_requested();
	text[len] = '\0';
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(out, CMSG_DATA(head), sizeof(*out));
	return len > 0;
}

static bool is_among(const char *const *names, const char *helper)
{
	for (; *names; names++)
		if (strcmp(*names, helper) == 0)
			return true;
	return false;
}

static void add_text(struct buf *out, struct str text)
{
	buf_add_str(out, text);
	buf_add_char(out, '\0');
}

static void write_answer(const char *const *names, const char *helper, const char *host,
			 struct buf *out)
{
	scoped(login_finish) struct login login = {0};
	struct error err = {0};
	bool ok = is_among(names, helper)
			  ? helper_get(helper, host, &login, &err)
			  : error_set(&err, ERROR_CONFIG, "no rule needs the helper %s", helper);
	buf_add_char(out, ok ? 'Y' : 'N');
	if (ok) {
		add_text(out, buf_str(&login.username));
		add_text(out, buf_str(&login.secret));
		add_text(out, login.identity ? STR("I") : STR("P"));
	} else {
		buf_add_char(out, (char)('A' + err.kind));
		add_text(out, str_of(err.text));
	}
}

static _Noreturn void answer(const char *const *names, char *question, int fd)
{
	scoped(buf_wipe) struct buf text = {0};
	struct str rest = str_of(question), helper;
	signal(SIGCHLD, SIG_DFL);
	cancel_own();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	str_cut(&rest, '\n', &helper);
	question[helper.len] = '\0';
	write_answer(names, question, rest.at ? rest.at : "", &text);
	for (size_t at = 0; buf_ok(&text) && at < text.len;) {
		ssize_t len = write(fd, text.at + at, text.len - at);
		if (len < 0 && errno != EINTR)
			break;
		at += len > 0 ? (size_t)len : 0;
	}
	buf_wipe(&text);
	_exit(0);
}

static _Noreturn void serve(const char *const *names, int fd, pid_t parent)
{
	char question[QUESTION_MAX];
	int reply;
	if (!log_debugging())
		log_open(stderr, LOG_ERROR);
	cancel_own();
	signal(SIGCHLD, SIG_IGN); /* nobody waits for the children */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	while (getppid() == parent && receive(fd, question, &reply)) {
		if (reply < 0)
			continue;
		if (fork() == 0)
			answer(names, question, reply);
		close(reply);
	}
	_exit(0);
}

/* --- the process that asks ------------------------------------------------------------------ */

bool helpers_know(const struct helpers *helpers, const char *helper)
{
	return helpers && is_among(helpers->names, helper);
}

bool helpers_start(struct arena *arena, const char *const *names, struct helpers **out,
		   struct error *err)
{
	int ends[2];
	*out = NULL;
	if (!*names)
		return true;
	struct helpers *helpers = arena_new_of(arena, struct helpers);
	if (!helpers)
		return error_memory(err);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set(err, ERROR_IO, "no socket for credential helpers: %s",
				 strerror(errno));
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		close(ends[0]);
		serve(names, ends[1], parent);
	}
	close(ends[1]);
	*helpers = (struct helpers){ends[0], names};
	*out = helpers;
	if (pid > 0)
		return true;
	helpers_stop(out);
	return error_set(err, ERROR_IO, "no process for credential helpers: %s", strerror(errno));
}

void helpers_stop(struct helpers **helpers)
{
	if (*helpers)
		close((*helpers)->fd);
	*helpers = NULL;
}

/* Sends a question with the pipe's end for its answer. */
static bool ask(const struct helpers *helpers, struct str question, int pipe_end)
{
	union control control = {.bytes = {0}};
	struct iovec piece = {.iov_base = (void *)(uintptr_t)question.at, .iov_len = question.len};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(pipe_end));
	memcpy(CMSG_DATA(head), &pipe_end, sizeof(pipe_end));
	return question.len < QUESTION_MAX &&
	       sendmsg(helpers->fd, &message, MSG_NOSIGNAL) == (ssize_t)question.len;
}

/* Reads until the other side closes the pipe. */
static bool read_answer(int fd, struct buf *out, struct error *err)
{
	char piece[4096];
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = cancel_fd(), .events = POLLIN}};
	for (;;) {
		if (cancel_requested())
			return error_canceled(err);
		if (poll(fds, 2, STEP_MS) <= 0 || !fds[0].revents)
			continue;
		ssize_t got = read(fd, piece, sizeof(piece));
		if (got > 0)
			buf_add(out, piece, (size_t)got);
		explicit_bzero(piece, sizeof(piece));
		if (got == 0)
			return buf_ok(out) || error_memory(err);
		if (got < 0 && errno != EINTR)
			return error_set(err, ERROR_IO, "no answer from a credential helper: %s",
					 strerror(errno));
	}
}

/* The text before the next NUL. */
static struct str take_text(struct str *rest)
{
	struct str text = {0};
	str_cut(rest, '\0', &text);
	return text;
}

static bool judge(struct str text, struct login *out, struct error *err)
{
	char verdict = text.len ? text.at[0] : '\0';
	text = str_from(text, 1);
	if (verdict == 'Y') {
		struct str username = take_text(&text), secret = take_text(&text);
		out->identity = str_is(take_text(&text), "I");
		return login_set(out, username, secret) || error_memory(err);
	}
	if (verdict != 'N' || !text.len)
		return error_set(err, ERROR_CONFIG, "the process for credential helpers is gone");
	enum error_kind kind = (enum error_kind)(text.at[0] - 'A');
	struct str rest = str_from(text, 1), words = take_text(&rest);
	return error_set(err, kind, "%.*s", STR_ARGS(words));
}

bool helpers_get(struct helpers *helpers, const char *helper, const char *host, struct login *out,
		 struct error *err)
{
	scoped(waits_end) struct waits_entry entry = {.kind = WAITS_ANSWER, .since_ms = clock_ms()};
	scoped(buf_finish) struct buf question = {0};
	scoped(buf_wipe) struct buf text = buf_limit(ANSWER_MAX);
	int ends[2];
	waits_begin(&entry, "no answer from docker-credential-%s for %s yet", helper, host);
	if (!helpers)
		return helper_get(helper, host, out, err);
	buf_printf(&question, "%s\n%s", helper, host);
	if (!buf_ok(&question))
		return error_memory(err);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(err, ERROR_MEMORY, "no pipe for a credential helper: %s",
				 strerror(errno));
	bool asked = ask(helpers, buf_str(&question), ends[1]);
	close(ends[1]);
	bool ok = asked ? read_answer(ends[0], &text, err)
			: error_set(err, ERROR_CONFIG,
				    "the process for credential helpers does not answer");
	close(ends[0]);
	ok = ok && judge(buf_str(&text), out, err);
	if (ok && !out->secret.len)
		log_info("the credential helper has no login for %s: continuing without", host);
	return ok;
}
