/*
 * The program is looked for before it is started, so that the error can name a missing one. It runs
 * in a process group of its own, so that processes it starts end with it when the time is up. It
 * inherits no connections: they are closed on exec.
 */
#include "registry/helper.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "doc/json.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIME_MS = 30000, OUTPUT_MAX = 64 * 1024, WORDS_MAX = 4096, QUOTED_MAX = 200, STEP_MS = 20 };

extern char **environ;
/* POSIX.1-2024; headers that keep to an older edition hide it. */
int pipe2(int ends[2], int flags);

/* One helper at work. */
struct helper_process {
	pid_t pid; /* 0: not started */
	int in;    /* our end of its standard input; -1: closed */
	int out;   /* our end of its standard output */
	int words; /* our end of its standard error */
	struct buf output, said;
	bool too_long;
	int status;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void run_finish(struct helper_process *run)
{
	if (run->pid > 0) {
		kill(-run->pid, SIGKILL);
		while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close_end(&run->in);
	close_end(&run->out);
	close_end(&run->words);
	buf_wipe(&run->output);
	buf_wipe(&run->said);
}

/*
 * Finds the path of a program on PATH; false when there is none. Only absolute folders count: a
 * file in a checkout must not become a helper.
 */
static bool find_program(const char *name, struct buf *path)
{
	const char *folders = getenv("PATH");
	struct str rest = str_of(folders ? folders : "/usr/local/bin:/usr/bin:/bin");
	struct str folder;
	while (str_cut(&rest, ':', &folder)) {
		buf_reset(path);
		buf_printf(path, "%.*s/%s", STR_ARGS(folder), name);
		if (!str_starts(folder, "/"))
			log_debug("PATH: \"%.*s\" is skipped: it depends on the working folder",
				  STR_ARGS(folder));
		else if (buf_ok(path) && access(path->at, X_OK) == 0)
			return true;
	}
	return false;
}

/* True for a name that is no path: it comes from a file. */
static bool plain_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-_.");
	return len > 0 && name[len] == '\0';
}

static bool open_pipe(int *ours, int *theirs, bool we_write)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	*ours = ends[we_write ? 1 : 0];
	*theirs = ends[we_write ? 0 : 1];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return true;
}

/* Gives the child the signal settings that a program expects, whatever ours are. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigemptyset(&all);
	sigaddset(&all, SIGPIPE);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGTERM);
	int code = posix_spawnattr_setsigmask(attributes, &none);
	code = code ? code : posix_spawnattr_setsigdefault(attributes, &all);
	code = code ? code : posix_spawnattr_setpgroup(attributes, 0);
	return code ? code
		    : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
								   POSIX_SPAWN_SETSIGDEF |
								   POSIX_SPAWN_SETPGROUP);
}

static int spawn(const char *path, const int ends[3], pid_t *pid)
{
	char *arguments[] = {(char *)(uintptr_t)path, (char[]){"get"}, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int code = posix_spawn_file_actions_init(&actions);
	if (code)
		return code;
	code = posix_spawnattr_init(&attributes);
	if (!code) {
		code = set_attributes(&attributes);
		for (int fd = 0; fd < 3 && !code; fd++)
			code = posix_spawn_file_actions_adddup2(&actions, ends[fd], fd);
		if (!code)
			code = posix_spawn(pid, path, &actions, &attributes, arguments, environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static bool start(struct helper_process *run, const char *path, struct error *err)
{
	int ends[3] = {-1, -1, -1};
	bool ok = open_pipe(&run->in, &ends[0], true) && open_pipe(&run->out, &ends[1], false) &&
		  open_pipe(&run->words, &ends[2], false);
	int code = ok ? spawn(path, ends, &run->pid) : errno;
	for (int i = 0; i < 3; i++)
		close_end(&ends[i]);
	if (!code)
		return true;
	run->pid = 0;
	return error_set(err, ERROR_IO, "%s cannot be started: %s", path, strerror(code));
}

/* Reads once into buf, up to max; drops the rest. Closes *fd at the end. False: it was too much. */
static bool take(int *fd, struct buf *buf, size_t max)
{
	char piece[4096];
	ssize_t got = read(*fd, piece, sizeof(piece));
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		close_end(fd);
	size_t room = max - buf->len;
	size_t len = got > 0 ? (size_t)got : 0;
	buf_add(buf, piece, len < room ? len : room);
	explicit_bzero(piece, sizeof(piece));
	return len <= room && buf_ok(buf);
}

/* Waits once. True: the helper has ended, and all of its output was read. */
static bool step(struct helper_process *run)
{
	struct pollfd fds[] = {{.fd = run->out, .events = POLLIN},
			       {.fd = run->words, .events = POLLIN},
			       {.fd = cancel_fd(), .events = POLLIN}};
	if (poll(fds, 3, run->out < 0 ? STEP_MS : 1000) > 0) {
		if (fds[0].revents && !take(&run->out, &run->output, OUTPUT_MAX))
			run->too_long = true;
		if (fds[1].revents)
			take(&run->words, &run->said, WORDS_MAX);
	}
	if (run->out >= 0 || waitpid(run->pid, &run->status, WNOHANG) != run->pid)
		return false;
	run->pid = 0;
	if (run->words >= 0)
		take(&run->words, &run->said, WORDS_MAX);
	return true;
}

static bool wait_for_answer(struct helper_process *run, struct error *err)
{
	int64_t deadline = clock_ms() + TIME_MS;
	while (!step(run)) {
		if (cancel_requested())
			return error_canceled(err);
		if (run->too_long)
			return error_set(err, ERROR_CONFIG, "answered more than %d bytes",
					 OUTPUT_MAX);
		if (clock_ms() >= deadline)
			return error_set(err, ERROR_CONFIG, "gave no answer within %d s",
					 TIME_MS / 1000);
	}
	return true;
}

/* Docker logs in to its Hub under this name. */
static const char *server_name(const char *host)
{
	return strcmp(host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
}

/* Registers a login in the output of a failed helper: its error words may repeat it. */
static void hide_login(struct str output)
{
	scoped(login_finish) struct login login = {0};
	struct error ignored;
	if (helper_parse(output, &login, &ignored))
		secret_register_login(buf_str(&login.username), buf_str(&login.secret));
}

static bool judge(const struct helper_process *run, const char *host, struct login *out,
		  struct error *err)
{
	struct str output = buf_str(&run->output);
	bool good = WIFEXITED(run->status) && WEXITSTATUS(run->status) == 0;
	if (good)
		return helper_parse(output, out, err);
	if (str_starts(output, "credentials not found")) {
		log_info("the credential helper has no login for %s: continuing without", host);
		return true;
	}
	/* An output that may hold a login is not quoted. */
	bool login = str_find(output, '{') < output.len;
	struct str words = run->said.len || login ? buf_str(&run->said) : output;
	hide_login(output);
	while (words.len && words.at[words.len - 1] == '\n')
		words.len--;
	if (WIFSIGNALED(run->status))
		return error_set(err, ERROR_CONFIG, "was ended by signal %d",
				 WTERMSIG(run->status));
	scoped(buf_wipe) struct buf quoted = {0};
	secret_mask(words, &quoted);
	return error_set(err, ERROR_CONFIG, "failed with status %d: %.*s", WEXITSTATUS(run->status),
			 STR_ARGS(str_head(buf_str(&quoted), QUOTED_MAX)));
}

bool helper_get(const char *helper, const char *host, struct login *out, struct error *err)
{
	scoped(run_finish) struct helper_process run = {.in = -1, .out = -1, .words = -1};
	scoped(buf_finish) struct buf path = {0};
	char name[256];
	int len = snprintf(name, sizeof(name), "docker-credential-%s", helper);
	if (!plain_name(helper) || len < 0 || (size_t)len >= sizeof(name))
		return error_set(err, ERROR_CONFIG, "\"%s\" is not the name of a credential helper",
				 helper);
	if (!find_program(name, &path))
		return error_set(err, ERROR_CONFIG,
				 "the credential helper of %s, %s, is not on PATH: install it, or "
				 "give username and password in the auth file",
				 host, name);
	log_debug("asking %s for %s", name, host);
	const char *server = server_name(host);
	if (!start(&run, path.at, err))
		return false;
	/* A host name fits into the pipe, so the write fails only if the helper closed its end. */
	if (write(run.in, server, strlen(server)) < 0)
		log_debug("%s does not read its input", name);
	close_end(&run.in);
	return (wait_for_answer(&run, err) && judge(&run, host, out, err)) ||
	       error_wrap(err, "%s for %s", name, host);
}

bool helper_parse(struct str text, struct login *out, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *root = NULL;
	if (!arena)
		return error_memory(err);
	if (!json_read(arena, text, &root, err))
		return error_set(err, ERROR_CORRUPT, "the answer is not JSON");
	struct str username = node_string(node_get(root, "Username"));
	struct str secret = node_string(node_get(root, "Secret"));
	if (!username.len || !secret.len)
		return error_set(err, ERROR_CORRUPT, "the answer lacks %s",
				 username.len ? "Secret" : "Username");
	out->identity = str_is(username, "<token>");
	return login_set(out, username, secret) || error_memory(err);
}
