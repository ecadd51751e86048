/* Runs of a server against a registry on loopback: what each makes of the entries of the queue. */
#include "test_small_registry.h"

#include "cmd/work.h"

#include "base/cancel.h"
#include "base/log.h"
#include "base/secret.h"
#include "cmd/load.h"
#include "config/serve/server_file.h"
#include "test_queue_hooks.h"

/* The registry, a session with two jobs and a route, and a queue. */
struct world {
	struct small_registry registry;
	struct session session;
	struct options options;
	struct server_route route;
	struct server_config config;
	char host[32], to[48], images[160], auth[160];
	FILE *log;
	struct editions editions;
	struct queue *queue;
	struct news news;
	atomic_uint over;
};

static int set_up(void **state)
{
	static struct world world;
	static struct ports ports = {.open = true};
	static const struct limits limits = {.shard_of = 1};
	world = (struct world){.editions = {.lock = PTHREAD_MUTEX_INITIALIZER}};
	if (make_folder(state) != 0 || !cancel_install())
		return -1;
	world.registry = small_registry_start();
	snprintf(world.host, sizeof(world.host), "127.0.0.1:%d", world.registry.port);
	snprintf(world.to, sizeof(world.to), "%s/to", world.host);
	snprintf(world.images, sizeof(world.images), "%s/rules.yaml", folder);
	snprintf(world.auth, sizeof(world.auth), "%s/auth.yaml", folder);
	world.log = fopen("/dev/null", "w");
	log_open(world.log, LOG_DEBUG);
	ports_add(&ports, 1); /* where nobody listens */
	options_init(&world.options);
	world.options.images = world.images;
	world.options.auth = world.auth;
	world.options.docker_config = "false";
	world.options.retries = 0;
	world.route = (struct server_route){world.host, "routed", world.to, "sync.yaml:1:1"};
	world.config = (struct server_config){.routes = &world.route, .route_count = 1};
	world.options.server = &world.config;
	world.session = (struct session){.arena = arena_new(),
					 .logging = true,
					 .lasting = true,
					 .log_in_file = true,
					 .ports = &ports};
	*state = &world;
	return world.registry.port && session_open(&world.session, &world.options, &limits) ? 0
											    : -1;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	session_close(&world->session);
	small_registry_stop(&world->registry);
	log_open(stderr, LOG_INFO);
	fclose(world->log);
	secret_forget();
	return remove_folder(state);
}

/* Replaces @ by the registry. */
static const char *at(const struct world *world, const char *text, struct buf *out)
{
	buf_reset(out);
	for (; *text; text++)
		if (*text == '@')
			buf_add_string(out, world->host);
		else
			buf_add_char(out, *text);
	return buf_string(out);
}

/* An edition with these rules in force, and an empty queue. */
static void begin(struct world *world, const char *rules)
{
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf text = {0};
	put(world->images, at(world, rules, &text));
	put(world->auth,
	    at(world, "{'@': {insecure: true}, '127.0.0.1:1': {insecure: true}}", &text));
	struct edition *edition = edition_new(&world->session, &world->options);
	assert_non_null(edition);
	if (!load_run(&edition->loaded, &problems))
		fail_msg("%s", buf_string(&problems.errors));
	assert_true(edition_settle(edition));
	edition_enforce(&world->editions, edition);
	world->queue = started();
	world->news = (struct news){.arena = NULL};
	atomic_store(&world->over, 0);
}

static void end(struct world *world)
{
	queue_free(&world->queue);
	news_finish(&world->news);
	edition_enforce(&world->editions, NULL);
	assert_int_equal(unlink(record), 0);
	secret_forget();
}

static void is_over(void *ctx)
{
	struct world *world = ctx;
	atomic_fetch_add(&world->over, 1);
}

/* A hook for "@/from/a:v1"; to: a destination, or "". */
static void hook(struct world *world, const char *repository, const char *to)
{
	scoped(buf_finish) struct buf source = {0}, destination = {0};
	at(world, repository, &source);
	assert_true(name(world->queue, buf_string(&source), "v1", at(world, to, &destination)));
}

static struct work_order order_for(struct world *world, const char *job)
{
	return (struct work_order){.editions = &world->editions,
				   .job = job,
				   .own = "every 1h",
				   .queue = job ? NULL : world->queue,
				   .news = job ? NULL : &world->news,
				   .routed = true,
				   .over = is_over,
				   .ctx = world};
}

/* Works to the end. */
static void carry_out(struct world *world, struct work *work, const struct work_order *order,
		      bool overlapped)
{
	assert_true(work_start(work, order, 7, overlapped ? 0 : INT64_MAX));
	work_join(work);
	assert_true(work_is_over(work));
	assert_int_equal(atomic_load(&world->over), 1);
	struct state_run run = work_state(work);
	assert_int_equal(run.number, 7);
	assert_string_equal(run.what, order->job ? "schedule" : "hooks");
	work_end(&world->editions, work);
	assert_false(work->active);
	assert_int_equal(world->editions.current->holders, 1);
}

static void expect_left(struct world *world, const char *expected)
{
	scoped(buf_finish) struct buf text = {0};
	expect_queue(world->queue, at(world, expected, &text));
}

/* Takes what is queued with these rules. */
static void work_once(struct world *world, bool overlapped, int status, const char *left)
{
	struct work work;
	struct work_order order = order_for(world, NULL);
	carry_out(world, &work, &order, overlapped);
	assert_int_equal(work.status, status);
	expect_left(world, left);
}

static void test_queue(void **state)
{
	static const struct {
		const char *rules, *source, *to;
		int status;
		const char *left;
	} rows[] = {
		{"'@/from/a': '@/to/a'", "@/from/a", "", 0, ""},
		{"'@/from/**': '@/to'", "@/from/a", "", 0, ""},
		{"'@/other/a': '@/to/a'", "@/routed/a", "@/to", 0, ""},
		/* Nothing means it. */
		{"'@/other/a': '@/to/a'", "@/from/a", "", 0, "@/from/a:v1& unrouted 0\n"},
		{"'@/from/a': '@/to/a'", "@/from/a", "gone.test", 0,
		 "@/from/a:v1&gone.test unrouted 0\n"},
		/* A rule means the repository, and not the tag: there is nothing to do. */
		{"'@/from/a:/^x/': '@/to/a'", "@/from/a", "", 0, ""},
		{"'@/none/a': '@/to/a'", "@/none/a", "", 1, "@/none/a:v1& waiting 1\n"},
		{"'127.0.0.1:1/from/a': '@/to/a'", "127.0.0.1:1/from/a", "", 1,
		 "127.0.0.1:1/from/a:v1& waiting 1\n"},
		/* One of two destinations fails. */
		{"'@/from/a': ['@/to/a', '127.0.0.1:1/to/a']", "@/from/a", "", 1,
		 "@/from/a:v1& waiting 1\n"},
	};
	struct world *world = *state;
	for (size_t i = 0; i < array_count(rows); i++) {
		begin(world, rows[i].rules);
		hook(world, rows[i].source, rows[i].to);
		work_once(world, false, rows[i].status, rows[i].left);
		end(world);
	}
}

/* One that fails does not hold up others, and each is settled alone. */
static void test_several(void **state)
{
	struct world *world = *state;
	struct work work;
	begin(world, "'@/from/**': '@/to'\n'@/none/**': '@/to'\n");
	hook(world, "@/from/a", "");
	hook(world, "@/none/b", "");
	hook(world, "@/from/c", "");
	hook(world, "@/other/d", "");
	hook(world, "@/routed/e", "@/to");
	struct work_order order = order_for(world, NULL);
	carry_out(world, &work, &order, false);
	assert_int_equal(work.status, 1);
	struct state_run run = work_state(&work);
	assert_int_equal(run.copied, 3);
	assert_int_equal(run.failed, 1);
	assert_true(run.bytes >= SMALL_LAYER);
	expect_left(world, "@/none/b:v1& waiting 1\n@/other/d:v1& unrouted 0\n");
	/* There is something to tell, and failures are remembered. */
	assert_true(news_are_due(&world->news));
	assert_int_equal(world->news.failing.count, 1);
	end(world);
}

/* Those of routes may wait for their interval. */
static void test_without_routes(void **state)
{
	struct world *world = *state;
	struct work work;
	begin(world, "'@/from/a': '@/to/a'\n");
	hook(world, "@/from/a", "");
	hook(world, "@/routed/e", "@/to");
	struct work_order order = order_for(world, NULL);
	order.routed = false;
	carry_out(world, &work, &order, false);
	assert_int_equal(work.status, 0);
	expect_left(world, "@/routed/e:v1&@/to pending 0\n");
	end(world);
}

/* While a job is under way, what is in sync is looked at once more when that has ended. */
static void test_beside_a_job(void **state)
{
	struct world *world = *state;
	begin(world, "'@/from/a': '@/to/a'\n");
	hook(world, "@/from/a", "");
	hook(world, "@/routed/e", "@/to");
	work_once(world, true, 0, "@/from/a:v1& pending 0\n");
	assert_true(queue_due(world->queue, true) == INT64_MAX);
	queue_release(world->queue);
	assert_int_equal(queue_due(world->queue, true), 0);
	atomic_store(&world->over, 0);
	work_once(world, false, 0, "");
	end(world);
}

static void test_nothing_due(void **state)
{
	struct world *world = *state;
	begin(world, "'@/from/a': '@/to/a'\n");
	work_once(world, false, 0, "");
	assert_int_equal(world->news.sent_ms, 0);
	end(world);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static void expect_job(struct world *world, const char *job, int status, size_t copied,
		       size_t failed)
{
	struct work work;
	struct work_order order = order_for(world, job);
	atomic_store(&world->over, 0);
	carry_out(world, &work, &order, false);
	struct state_run run = work_state(&work);
	assert_int_equal(work.status, status);
	assert_int_equal(run.copied, copied);
	assert_int_equal(run.failed, failed);
	assert_int_equal(work.memory.failed, status != 0);
}

static void test_jobs(void **state)
{
	struct world *world = *state;
	begin(world, "'@/from/a:v1': '@/to/a'\n"
		     "'@/from/b:v1': {to: '@/to/b', every: 6h}\n"
		     "'@/none/c:v1': {to: '@/to/c', every: 6h}\n");
	expect_job(world, "every 1h", 0, 1, 0);
	expect_job(world, "every 6h", 1, 1, 1);
	expect_job(world, "every 7h", 0, 0, 0);
	end(world);
}

/* Only a message is to be sent. */
static void test_message(void **state)
{
	struct world *world = *state;
	struct work work;
	begin(world, "'@/from/a': '@/to/a'\n");
	struct work_order order = order_for(world, NULL);
	order.queue = NULL;
	world->news.tally = (struct tally){.copied = 1, .total = 1};
	carry_out(world, &work, &order, false);
	assert_int_equal(work.status, 0);
	assert_int_equal(tally_done(&world->news.tally), 0);
	end(world);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* A run whose time is over, or that begins after the signal, leaves what is queued as it was. */
static void test_stopped(void **state)
{
	struct world *world = *state;
	struct work work;
	begin(world, "'@/hang/a': '@/to/a'\n'@/from/b:v1': '@/to/b'\n");
	hook(world, "@/hang/a", "");
	world->editions.current->options.timeout = "1s";
	struct work_order order = order_for(world, NULL);
	carry_out(world, &work, &order, false);
	assert_int_equal(work.status, 1);
	expect_left(world, "@/hang/a:v1& waiting 1\n");
	world->editions.current->options.timeout = NULL;
	/* From here on this process is to stop. */
	cancel_defer(60);
	raise(SIGTERM);
	hook(world, "@/from/b", "");
	hook(world, "@/other/c", "");
	atomic_store(&world->over, 0);
	carry_out(world, &work, &order, false);
	expect_left(world, "@/hang/a:v1& waiting 1\n@/from/b:v1& pending 0\n"
			   "@/other/c:v1& pending 0\n");
	assert_int_equal(work_state(&work).copied, 0);
	/* The image that needs no list had no turn, which is no failure. */
	expect_job(world, "every 1h", 128 + SIGTERM, 0, 1);
	end(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue),          cmocka_unit_test(test_several),
		cmocka_unit_test(test_without_routes), cmocka_unit_test(test_beside_a_job),
		cmocka_unit_test(test_nothing_due),    cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_message),        cmocka_unit_test(test_stopped),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
