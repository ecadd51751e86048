/* The file of a server: what it says, what it leaves to defaults, and where its mistakes are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"
#include "config/serve/server_file.h"
#include "config/serve/server_rules.h"
#include "doc/json.h"
#include "doc/yaml.h"

static const char *variable(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "WORD") == 0 ? "word-of-the-environment" : NULL;
}

static const struct expand_lookup lookup = {.get = variable};

/* One reading of a text. */
struct reading {
	struct arena *arena;
	struct problems problems;
	struct server_config server;
	struct options options;
};

static void reading_close(struct reading *reading)
{
	problem_finish(&reading->problems);
	arena_free(&reading->arena);
}

static void read_text(struct reading *reading, const char *text)
{
	struct document document = {.name = "f", .json = text[0] == '{'};
	struct error err = {0};
	reading->arena = arena_new();
	if (!(document.json ? json_read_file(reading->arena, str_of(text), &document.root, &err)
			    : yaml_read(reading->arena, str_of(text), &document.root, &err)))
		fail_msg("%s: %s", text, err.text);
	options_init(&reading->options);
	server_file_read(reading->arena, &document, &lookup, &reading->server, &reading->options,
			 &reading->problems);
}

static const char *text_of(const char *text)
{
	return text ? text : "-";
}

/* --- routes --------------------------------------------------------------------------------- */

/* One line per route: place source/namespace > destination. */
static void check_routes(const char *text, const char *expected, const char *warnings)
{
	scoped(reading_close) struct reading reading = {0};
	scoped(buf_finish) struct buf shown = {0};
	read_text(&reading, text);
	for (size_t i = 0; i < reading.server.route_count; i++) {
		const struct server_route *route = &reading.server.routes[i];
		buf_printf(&shown, "%s %s/%s > %s\n", route->place, route->source,
			   route->namespace ? route->namespace : "*", route->destination);
	}
	assert_string_equal(buf_string(&reading.problems.errors), "");
	assert_string_equal(buf_string(&shown), expected);
	assert_string_equal(buf_string(&reading.problems.warnings), warnings);
}

#define OPEN "auth: {anonymous: true}\nregistry: {reg: ["
#define AFTER "]}\n"

static void test_routes(void **state)
{
	(void)state;
	check_routes(OPEN "{sourceName: Quay.io/, namespace: ' a , b,', destinationName: "
			  "'r.io/team/, s.io'}, {sourceName: quay.io, namespace: [a, 'c,d'], "
			  "destinationName: [R.io/team, t.io:5000]}" AFTER,
		     "f:2:18 quay.io/a > r.io/team\n"
		     "f:2:18 quay.io/a > s.io\n"
		     "f:2:18 quay.io/b > r.io/team\n"
		     "f:2:18 quay.io/b > s.io\n"
		     "f:2:101 quay.io/a > t.io:5000\n"
		     "f:2:101 quay.io/c > R.io/team\n"
		     "f:2:101 quay.io/c > t.io:5000\n"
		     "f:2:101 quay.io/d > R.io/team\n"
		     "f:2:101 quay.io/d > t.io:5000\n",
		     "");
	check_routes(OPEN "{SOURCENAME: docker.io, namespace: '*', destinationname: "
			  "index.docker.io}, {sourceName: localhost, namespace: x, "
			  "destinationName: localhost:1}" AFTER,
		     "f:2:18 docker.io/* > index.docker.io\n"
		     "f:2:93 localhost/x > localhost:1\n",
		     "");
	check_routes("auth: {anonymous: true}\nregistry:\n", "", "");
	check_routes("auth: {anonymous: true}\nregistry: {reg: }\n", "", "");
	check_routes("auth: {anonymous: true}\nregistry: {reg: []}\n", "", "");
	check_routes("{\"auth\": {\"Anonymous\": true}, \"registry\": {\"reg\": [{\"sourcename\": "
		     "\"q.io\", \"namespace\": \"a\", \"destinationName\": \"r.io\"}]}}",
		     "f:1:52 q.io/a > r.io\n", "");
}

static void test_routes_that_never_match(void **state)
{
	static const struct {
		const char *source, *namespace; /* one of them is wrong */
	} rows[] = {
		{"quay", "a"},        {"quay.io/a", "b"}, {"'https://quay.io'", "a"},
		{"quay.io", "a/b"},   {"quay.io", "A"},   {"quay.io", "a*"},
		{"quay.io", "'a:b'"}, {"quay.io", "a@b"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(reading_close) struct reading reading = {0};
		scoped(arena_free) struct arena *arena = arena_new();
		read_text(&reading, arena_printf(arena,
						 OPEN "{sourceName: %s, namespace: %s, "
						      "destinationName: r.io}" AFTER,
						 rows[i].source, rows[i].namespace));
		assert_int_equal(reading.problems.error_count, 0);
		assert_int_equal(reading.server.route_count, 0);
		assert_non_null(strstr(buf_string(&reading.problems.warnings), "never matches"));
	}
}

static void test_routes_that_meet(void **state)
{
	static const struct {
		const char *a[3], *b[3]; /* source, namespace, destination */
		const char *below;       /* NULL: they cannot meet */
	} rows[] = {
		{{"q.io", "a", "r.io"}, {"p.io", "a", "r.io"}, "r.io/a"},
		{{"q.io", "a", "r.io"}, {"p.io", "'*'", "r.io"}, "r.io/a"},
		{{"q.io", "'*'", "r.io"}, {"p.io", "'*'", "R.io/"}, "r.io"},
		{{"q.io", "team", "r.io"}, {"p.io", "a", "r.io/team"}, "r.io/team/a"},
		{{"q.io", "a", "r.io/team"}, {"q.io", "team", "r.io"}, "r.io/team/a"},
		{{"q.io", "a", "r.io"}, {"p.io", "b", "r.io"}, NULL},
		{{"q.io", "a", "r.io"}, {"p.io", "ab", "r.io"}, NULL},
		{{"q.io", "a", "r.io"}, {"p.io", "a", "s.io"}, NULL},
		{{"q.io", "a", "r.io"}, {"q.io", "a", "r.io/x"}, NULL},
		{{"q.io", "a", "r.io"}, {"q.io", "'*'", "r.io"}, NULL},
		{{"q.io", "a", "r.io"}, {"q.io", "b", "r.io"}, NULL},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(reading_close) struct reading reading = {0};
		scoped(arena_free) struct arena *arena = arena_new();
		const char *const *a = rows[i].a, *const *b = rows[i].b;
		read_text(&reading,
			  arena_printf(arena,
				       OPEN "{sourceName: %s, namespace: %s, destinationName: %s}, "
					    "{sourceName: %s, namespace: %s, destinationName: "
					    "%s}" AFTER,
				       a[0], a[1], a[2], b[0], b[1], b[2]));
		const char *warnings = buf_string(&reading.problems.warnings);
		const char *told = strstr(warnings, "may get one name below ");
		assert_int_equal(told != NULL, rows[i].below != NULL);
		if (!told)
			continue;
		const char *expected =
			arena_printf(arena, "may get one name below %s:", rows[i].below);
		assert_non_null(strstr(told, expected));
		assert_null(strstr(told + 1, "may get one name below "));
	}
}

static void test_rules(void **state)
{
	scoped(reading_close) struct reading reading = {0};
	scoped(buf_finish) struct buf shown = {0};
	struct rule first = {.source = "a.io/x", .destination = "b.io/x"};
	struct rules rules = {.items = &first, .count = 1};
	(void)state;
	read_text(&reading,
		  OPEN "{sourceName: q.io, namespace: 'a,*', destinationName: r.io/t/}" AFTER);
	assert_true(server_rules_add(reading.arena, &reading.server, &rules));
	for (size_t i = 0; i < rules.count; i++)
		buf_printf(&shown, "%s > %s %s\n", rules.items[i].source,
			   rules.items[i].destination,
			   rules.items[i].route ? rules.items[i].route->place : "-");
	assert_string_equal(buf_string(&shown), "a.io/x > b.io/x -\n"
						"q.io/a/** > r.io/t/a f:2:18\n"
						"q.io/** > r.io/t f:2:18\n");
}

/* --- the rest ------------------------------------------------------------------------------- */

static void test_everything(void **state)
{
	scoped(reading_close) struct reading reading = {0};
	const struct server_config *server = &reading.server;
	(void)state;
	read_text(
		&reading,
		"APP: {Port: ' 127.0.0.1:80 ', env: x, allowget: false, allowSnapshots: true,\n"
		"  openMetrics: true, grace: 1m, limits: {header: 16KiB, body: 1M, timeout: 5s,\n"
		"  connections: 7, queue: '9'}}\n"
		"auth: {username: $WORD, password: 'pa$$word-1', token: '${WORD}x'}\n"
		"registry: {reg: [{sourceName: q.io, namespace: a, destinationName: r.io}]}\n"
		"events: {ZOT: , harbor: {secret: $WORD, registry: H.io/x/}}\n"
		"sync: {filePosition: {auth: a.yaml, images: i.json, log: l.log},\n"
		"  routineNum: '3', retryCount: 0, interval: 90s, immediate: true, maxSyncDes: 9,\n"
		"  filter: {osFilterList: linux, archFilterList: [amd64, 'arm:v7,arm64']}}\n"
		"rabbitmq: {queueName: q, info: []}\nreceiver: {a: b}\ndb: {file: x}\nx-mine: 1\n");
	assert_string_equal(buf_string(&reading.problems.errors), "");
	assert_string_equal(buf_string(&reading.problems.warnings), "");
	assert_string_equal(server->listen, "127.0.0.1:80");
	assert_true(!server->allow_get && server->allow_snapshots && server->open_metrics);
	assert_true(server->immediate && !server->anonymous);
	assert_int_equal(server->grace, 60);
	assert_int_equal(server->interval, 90);
	assert_int_equal(server->limits.header_bytes, 16 * 1024);
	assert_int_equal(server->limits.body_bytes, 1024 * 1024);
	assert_int_equal(server->limits.seconds, 5);
	assert_int_equal(server->limits.connections, 7);
	assert_int_equal(server->limits.entries, 9);
	assert_string_equal(server->user, "word-of-the-environment");
	assert_string_equal(server->password, "pa$word-1");
	assert_string_equal(server->token, "word-of-the-environmentx");
	assert_string_equal(server->record, "i.json");
	assert_int_equal(server->event_count, 2);
	assert_string_equal(server->events[0].kind, "harbor");
	assert_string_equal(server->events[0].secret, "word-of-the-environment");
	assert_string_equal(server->events[0].registry, "h.io/x");
	assert_string_equal(server->events[1].kind, "zot");
	assert_null(server->events[1].secret);
	assert_true(secret_inside(STR("pa$word-1")));
	assert_string_equal(reading.options.auth, "a.yaml");
	assert_string_equal(reading.options.log, "l.log");
	assert_int_equal(reading.options.proc, 3);
	assert_int_equal(reading.options.retries, 0);
	assert_string_equal(reading.options.os.items[0], "linux");
	assert_string_equal(reading.options.arch.items[0], "amd64,arm:v7,arm64");
	assert_true(reading.options.os.preset && reading.options.arch.preset);
}

static void test_defaults(void **state)
{
	static const struct {
		const char *text;
		const char *listen, *record, *log;
		int64_t interval;
		bool immediate;
	} rows[] = {
		{OPEN "{sourceName: q.io, namespace: a, destinationName: r.io}" AFTER, ":8080",
		 "./images.json", "./app.log", 600, false},
		{OPEN "{sourceName: q.io, namespace: a, destinationName: r.io}" AFTER
		      "sync: {filePosition: {log: ''}, interval: 0}\n",
		 ":8080", "./images.json", NULL, 0, true},
		{"auth: {anonymous: true}\n", ":8080", "./images.json", NULL, 600, true},
		{"app: {port: 9000}\nauth: {token: abcdef}\nsync: {interval: '5'}\n", ":9000",
		 "./images.json", NULL, 300, true},
		{"app: {port: 'unix:/run/x'}\nauth: {token: abcdef}\n", "unix:/run/x",
		 "./images.json", NULL, 600, true},
		{"app: {port: '[::1]:0'}\nauth: {token: abcdef}\n", "[::1]:0", "./images.json",
		 NULL, 600, true},
		{"sync: {interval: 2h}\n", NULL, NULL, NULL, 7200, true},
		{"app: {port: ''}\nsync: {filePosition: }\n", NULL, NULL, NULL, 600, true},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(reading_close) struct reading reading = {0};
		const struct server_config *server = &reading.server;
		read_text(&reading, rows[i].text);
		assert_string_equal(buf_string(&reading.problems.errors), "");
		assert_string_equal(text_of(server->listen), text_of(rows[i].listen));
		assert_string_equal(text_of(server->record), text_of(rows[i].record));
		assert_string_equal(text_of(reading.options.log), text_of(rows[i].log));
		assert_int_equal(server->interval, rows[i].interval);
		assert_int_equal(server->immediate, rows[i].immediate);
		assert_true(server->allow_get && !server->allow_snapshots);
		assert_int_equal(server->grace, 20);
		assert_int_equal(server->limits.entries, 100000);
		assert_int_equal(reading.options.proc, 5);
		assert_int_equal(reading.options.os.count, 0);
	}
}

static void test_mistakes(void **state)
{
	static const char *const rows[][2] = {
		{"a: b\n", "f:1:1: expected the configuration of a server"},
		{"x\n", "f:1:1: expected the configuration of a server"},
		{"- app\n", "f:1:1: expected the configuration of a server"},
		{"registry: {reg: []}\n", "f:1:1: auth: nobody could log in"},
		{"auth: {username: '', password: ''}\n", "f:1:7: auth: nobody could log in"},
		{"auth: {username: x}\n", "f:1:7: auth: username is given without password"},
		{"auth: {password: x}\n", "f:1:7: auth: password is given without username"},
		{"auth: {token: $NOPE}\n", "f:1:15: auth: token: environment variable NOPE"},
		{"app: []\n", "f:1:6: app: expected the fields of app, found a list"},
		{"app: {port: 65536}\n", "f:1:13: app: port: 65536: expected an address"},
		{"app: {port: '1.2.3.4'}\n", "f:1:13: app: port: 1.2.3.4: expected an address"},
		{"app: {port: 'a b:80'}\n", "f:1:13: app: port: a b:80: expected an address"},
		{"app: {port: '[::1:80'}\n", "f:1:13: app: port: [::1:80: expected an address"},
		{"app: {port: ':-1'}\n", "f:1:13: app: port: :-1: expected an address"},
		{"app: {port: 'unix:'}\n", "f:1:13: app: port: unix:: expected an address"},
		{"app: {grace: 0}\n", "f:1:14: app: grace: 0: expected a time"},
		{"app: {limits: {body: 8MB}}\n", "f:1:22: app.limits: body must be a number"},
		{"app: {port: a, Port: b}\n", "f:1:16: app: port is given here and at f:1:7"},
		{"sync: {interval: -1}\n", "f:1:18: sync: interval: -1: expected a number"},
		{"sync: {interval: 1.5}\n", "f:1:18: sync: interval: 1.5: expected a number"},
		{"sync: {interval: 60001}\n", "f:1:18: sync: interval: 60001: expected a number"},
		{"sync: {routineNum: many}\n", "f:1:20: sync: routineNum must be a whole number"},
		{"sync: {retryCount: 2147483648}\n", "f:1:20: sync: retryCount must be a whole"},
		{"sync: {filter: {archFilterList: [a, ':']}}\n",
		 "f:1:37: sync.filter: archFilterList: \":\": write a name"},
		{"app: {}\nevents: {harbour: }\n", "f:2:10: events: unknown field \"harbour\": did "
						   "you mean harbor"},
		{"app: {}\nevents: {zot: {registry: 'r.io:v1/'}}\n", "f:2:26: zot: registry "},
		{"app: {}\nrabbitmq: {info: [{address: x}]}\n",
		 "f:2:18: rabbitmq: this program has no client for RabbitMQ"},
		{"app: {}\nrabbitmq: {info: amqp}\n", "f:2:18: rabbitmq: this program has no"},
		{OPEN AFTER "registry: 5\n", "f:3:1: registry is given here and at f:2:1"},
		{"auth: {anonymous: true}\nregistry: {reg: {a: b}}\n",
		 "f:2:17: registry: reg must be a list of routes, found a mapping"},
		{OPEN "{namespace: a, destinationName: r.io}" AFTER,
		 "f:2:18: registry: sourceName is missing"},
		{OPEN "{sourceName: q.io, namespace: [], destinationName: r.io}" AFTER,
		 "f:2:48: registry: namespace is empty"},
		{OPEN "{sourceName: q.io, namespace: a}" AFTER,
		 "f:2:18: registry: destinationName is missing"},
		{OPEN "{sourceName: q, namespace: a, destinationName: 'r.io:v1/x'}" AFTER,
		 "f:2:65: destinationName "},
		{OPEN "{sourceName: q.io, namespace: '/', destinationName: 'r.io/team:v1'}" AFTER,
		 "f:2:70: destinationName \"r.io/team:v1\": this is a prefix"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(reading_close) struct reading reading = {0};
		read_text(&reading, rows[i][0]);
		const char *errors = buf_string(&reading.problems.errors);
		if (!strstr(errors, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], errors);
	}
}

static void test_warnings(void **state)
{
	static const char *const rows[][2] = {
		{"app: {Prot: x}\n", "f:1:7: app: unknown field \"Prot\" is ignored"},
		{"sync: {interval: 0, immediate: false}\n", "f:1:18: sync: interval is 0 and"},
		{"auth: {token: abcdef, anonymous: true}\n", "f:1:7: auth: anonymous is true, so"},
		{"app: {}\napps: {}\n",
		 "f:2:1: unknown field \"apps\" is ignored: did you mean app?"},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(reading_close) struct reading reading = {0};
		read_text(&reading, rows[i][0]);
		assert_string_equal(buf_string(&reading.problems.errors), "");
		if (!strstr(buf_string(&reading.problems.warnings), rows[i][1]))
			fail_msg("%s: %s", rows[i][0], buf_string(&reading.problems.warnings));
	}
}

static void test_recognise(void **state)
{
	static const struct {
		const char *text;
		bool server;
	} rows[] = {
		{"app: {port: x}\n", true},
		{"Registry: {reg: []}\n", true},
		{"auth: {username: x}\nsync: {}\n", true},
		{"auth: {username: x}\n", false},
		{"auth: {r.io: {}}\nimages: {a: b}\n", false},
		{"app: {}\nimages: {a: b}\n", false},
		{"app: r.io/app\n", false},
		{"a: {}\n", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		struct document document = {.name = "f"};
		struct error err = {0};
		assert_true(yaml_read(arena, str_of(rows[i].text), &document.root, &err));
		assert_int_equal(server_file_recognise(&document), rows[i].server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_routes_that_never_match),
		cmocka_unit_test(test_routes_that_meet),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_recognise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
