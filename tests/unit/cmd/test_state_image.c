/* The state under a tag, against a registry in memory whose calls fail. */
#include "cmd/state_image.h"

#include "test_memory_store.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DA "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

int64_t __wrap_clock_ms(void);
int64_t __wrap_clock_ms(void)
{
	return 1000000;
}

bool __wrap_cancel_sleep(unsigned milliseconds);
bool __wrap_cancel_sleep(unsigned milliseconds)
{
	(void)milliseconds;
	return true;
}

/* What was seen long ago expires. */
static int64_t now;

static const struct reference name = {"to.test", "ops/state", "mirror", NULL};

/* One process with a state. */
struct side {
	struct stores stores;
	struct state_image image;
	struct sync_state *state;
};

static void side_start(struct side *side, struct memory_world *world)
{
	*side = (struct side){.stores = memory_stores(world), .state = state_new()};
	side->image = (struct state_image){.stores = &side->stores, .name = &name};
	assert_non_null(side->state);
}

static void see(const struct side *side, const char *repository)
{
	const struct reference source = {"r.io", repository, NULL, NULL};
	bool kept;
	state_see(side->state, &source, DA, now, &kept);
	assert_true(kept);
}

static bool has_seen(const struct side *side, const char *repository)
{
	const struct reference source = {"r.io", repository, NULL, NULL};
	bool kept;
	return state_see(side->state, &source, DA, now + 1, &kept) == now;
}

/* A second process reads what the first has stored, adds to it, and the first stores again. */
static void test_two_processes(void **unused)
{
	struct memory_world world;
	struct side one, two;
	struct error err;
	bool found;
	(void)unused;
	memory_start(&world);
	side_start(&one, &world);
	side_start(&two, &world);
	assert_true(state_image_read(&one.image, one.state, true, &found, &err) && !found);
	see(&one, "a");
	assert_true(state_image_store(&one.image, one.state, &err));
	assert_false(state_changed(one.state));
	assert_true(state_image_read(&two.image, two.state, true, &found, &err) && found);
	assert_true(has_seen(&two, "a"));
	see(&two, "b");
	assert_true(state_image_store(&two.image, two.state, &err));
	see(&one, "c");
	assert_true(state_image_store(&one.image, one.state, &err));
	assert_true(has_seen(&one, "b"));
	assert_true(state_image_read(&two.image, two.state, true, &found, &err) && found);
	assert_true(has_seen(&two, "c"));
	state_free(&one.state);
	state_free(&two.state);
	memory_finish(&world);
}

/*
 * Whatever call fails: what was stored before is still there, or all of it is, and the next try
 * stores it.
 */
static void test_each_call_fails(void **unused)
{
	(void)unused;
	for (unsigned call = 1;; call++) {
		struct memory_world world;
		struct side one, two;
		struct error err;
		bool found;
		memory_start(&world);
		side_start(&one, &world);
		side_start(&two, &world);
		see(&one, "a");
		assert_true(state_image_store(&one.image, one.state, &err));
		see(&one, "b");
		unsigned before = world.calls;
		world.fail_at = before + call;
		world.fail_with = ERROR_DENIED;
		bool ok = state_image_store(&one.image, one.state, &err);
		bool failed = world.calls >= world.fail_at;
		world.fail_at = 0;
		assert_true(ok || err.kind == ERROR_DENIED);
		assert_true(state_image_read(&two.image, two.state, true, &found, &err) && found);
		assert_true(has_seen(&two, "a"));
		assert_true(!ok || !state_changed(one.state));
		assert_true(state_image_store(&one.image, one.state, &err));
		assert_true(state_image_read(&two.image, two.state, true, &found, &err) && found);
		state_free(&one.state);
		state_free(&two.state);
		memory_finish(&world);
		if (!failed)
			break;
		assert_true(call < 100);
	}
}

int main(void)
{
	now = clock_unix();
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_processes),
					   cmocka_unit_test(test_each_call_fails)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
