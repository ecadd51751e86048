/* Words become sockets; files that were left behind are replaced, and those in use are not. */
#include "test_listener_client.h"

#include "serve/listener_address.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char folder[] = "/tmp/listener.XXXXXX";
static char path[128], name[160];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(name, sizeof(name), "unix:%s", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static bool reachable(const char *file)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", file);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool done = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	close(fd);
	return done;
}

static void test_words(void **state)
{
	static const struct {
		const char *text;
		bool is_public;
	} right[] = {{":0", true},
		     {"0.0.0.0:0", true},
		     {"127.0.0.1:0", false},
		     {"127.8.9.1:0", false},
		     {"localhost:0", false}};
	static const char *const wrong[] = {"",        "8080",          ":",
					    ":x",      ":65536",        ":-1",
					    "::1:80",  "127.0.0.1",     "[::1]",
					    "[::1:80", "1.2.3.4.5:0",   "192.0.2.1:0",
					    "unix:",   "unix:relative", "unix:/no/such/folder/s"};
	struct arena *arena = arena_new();
	struct listener_address out;
	struct error err;
	(void)state;
	for (size_t i = 0; i < array_count(right); i++) {
		if (!listener_address_open(right[i].text, arena, &out, &err))
			fail_msg("%s: %s", right[i].text, err.text);
		assert_int_equal(out.is_public, right[i].is_public);
		assert_true(out.port > 0);
		assert_true(fcntl(out.fd, F_GETFD) & FD_CLOEXEC);
		listener_address_close(&out);
		assert_int_equal(out.fd, -1);
	}
	for (size_t i = 0; i < array_count(wrong); i++) {
		if (listener_address_open(wrong[i], arena, &out, &err))
			fail_msg("%s", wrong[i]);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_non_null(strstr(err.text, wrong[i]));
		assert_int_equal(out.fd, -1);
	}
	arena_free(&arena);
}

static void test_long_paths(void **state)
{
	struct arena *arena = arena_new();
	struct listener_address out;
	struct error err;
	char text[256];
	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[sizeof(text) - 1] = '\0';
	assert_false(listener_address_open(text, arena, &out, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	arena_free(&arena);
}

static void test_a_port_in_use(void **state)
{
	struct arena *arena = arena_new();
	struct listener_address first, second;
	struct error err;
	char text[64];
	(void)state;
	assert_true(listener_address_open("127.0.0.1:0", arena, &first, &err));
	snprintf(text, sizeof(text), "127.0.0.1:%u", first.port);
	assert_false(listener_address_open(text, arena, &second, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "another program"));
	listener_address_close(&first);
	assert_true(listener_address_open(text, arena, &second, &err));
	listener_address_close(&second);
	arena_free(&arena);
}

/* --- files ----------------------------------------------------------------------------------- */

static void test_a_socket_file(void **state)
{
	struct arena *arena = arena_new();
	struct listener_address out, other;
	struct stat seen;
	struct error err;
	mode_t before = umask(0);
	(void)state;
	assert_true(listener_address_open(name, arena, &out, &err));
	assert_int_equal(umask(before), 0);
	assert_int_equal(stat(path, &seen), 0);
	assert_int_equal(seen.st_mode & 0777, 0660);
	assert_int_equal(out.port, 0);
	assert_false(out.is_public);
	/* in use, and left alone */
	assert_false(listener_address_open(name, arena, &other, &err));
	assert_int_equal(err.kind, ERROR_CONFIG);
	assert_true(reachable(path));
	listener_address_close(&out);
	assert_int_equal(stat(path, &seen), -1);
	arena_free(&arena);
}

static void test_files_that_were_left(void **state)
{
	struct arena *arena = arena_new();
	struct listener_address out, other;
	struct stat seen;
	struct error err;
	(void)state;
	assert_true(listener_address_open(name, arena, &out, &err));
	close(out.fd); /* as if the process had been killed */
	assert_int_equal(stat(path, &seen), 0);
	assert_false(reachable(path));
	assert_true(listener_address_open(name, arena, &out, &err));
	assert_true(reachable(path));
	/* Replaced meanwhile: the file is another's. */
	unlink(path);
	assert_true(listener_address_open(name, arena, &other, &err));
	listener_address_close(&out);
	assert_true(reachable(path));
	listener_address_close(&other);
	/* What is no socket stays. */
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_false(listener_address_open(name, arena, &out, &err));
	assert_int_equal(stat(path, &seen), 0);
	assert_true(S_ISREG(seen.st_mode));
	arena_free(&arena);
}

static void test_requests_through_a_file(void **state)
{
	struct listener_options options = client_usual;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct client_scene scene;
	struct buf got = buf_limit(0);
	(void)state;
	options.address = name;
	client_open(&scene, &options);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	client_patience(fd);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	client_write(fd, CLIENT_GET("/echo") CLIENT_LAST("/thread"));
	client_rest(fd, &got);
	client_expect(&got, "peer=unix");
	client_expect(&got, "from a thread");
	assert_int_equal(listener_port(scene.listener), 0);
	close(fd);
	listener_quiesce(scene.listener);
	assert_false(reachable(path));
	client_close(&scene);
	buf_finish(&got);
}

/* --- systemd --------------------------------------------------------------------------------- */

/* In a child: with fd as descriptor 3 and these variables. Returns what it exits with. */
static int handed_over(int fd, const char *count, bool other_process)
{
	char pid[32];
	pid_t child = fork();
	if (child == 0) {
		struct arena *arena = arena_new();
		struct listener_address out;
		struct error err = {.kind = ERROR_NONE};
		if (fd != 3)
			dup2(fd, 3);
		snprintf(pid, sizeof(pid), "%d", (int)getpid() + other_process);
		setenv("LISTEN_PID", pid, 1);
		setenv("LISTEN_FDS", count, 1);
		bool done = listener_address_open("127.0.0.1:0", arena, &out, &err);
		if (getenv("LISTEN_PID") || getenv("LISTEN_FDS"))
			_exit(99);
		int result = !done ? 50 + (int)err.kind : out.handed_over ? 1 : 2;
		if (done)
			listener_address_close(&out);
		arena_free(&arena);
		_exit(result);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

static void test_sockets_of_systemd(void **state)
{
	const struct sockaddr_in any = {.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in bound;
	socklen_t size = sizeof(bound);
	(void)state;
	int fd = socket(AF_INET, SOCK_STREAM, 0), quiet = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(handed_over(fd, "1", false), 1);
	assert_int_equal(handed_over(fd, "1", true), 2);
	assert_int_equal(handed_over(fd, "0", false), 2);
	assert_int_equal(handed_over(fd, "x", false), 2);
	assert_int_equal(handed_over(fd, "2", false), 50 + ERROR_CONFIG);
	assert_int_equal(handed_over(quiet, "1", false), 50 + ERROR_CONFIG);
	/* systemd still listens there. */
	assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &size), 0);
	assert_int_equal(connect(quiet, (struct sockaddr *)&bound, size), 0);
	close(fd);
	close(quiet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_a_port_in_use),
		cmocka_unit_test_setup_teardown(test_a_socket_file, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(test_files_that_were_left, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(test_requests_through_a_file, make_folder,
						remove_folder),
		cmocka_unit_test(test_sockets_of_systemd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
