/*
 * What comes while index.json cannot be written goes into it together: with one writing, and with
 * an answer for each.
 */
#include "test_layout_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/inotify.h>

enum { WRITERS = 8 };

static struct picture pictures[WRITERS];

struct writer {
	pthread_t thread;
	struct layouts *layouts;
	unsigned number;
	bool ok;
};

static void *write_one(void *ctx)
{
	struct writer *writer = ctx;
	scoped(arena_free) struct arena *arena = arena_new();
	struct error err;
	char tag[16];
	snprintf(tag, sizeof(tag), "v%u", writer->number);
	writer->ok = copy_picture(store_in(writer->layouts, "app", arena, true),
				  &pictures[writer->number], tag, &err);
	return NULL;
}

static size_t waiting(struct layout *layout)
{
	pthread_mutex_lock(&layout->queue.lock);
	size_t count = layout->queue.count;
	pthread_mutex_unlock(&layout->queue.lock);
	return count;
}

/* How often a file came to be called index.json. */
static unsigned writings(int notices)
{
	char text[4096] __attribute__((aligned(8)));
	unsigned count = 0;
	ssize_t len;
	while ((len = read(notices, text, sizeof(text))) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event = (const void *)(text + at);
			count += event->len && strcmp(event->name, "index.json") == 0;
			at += (ssize_t)sizeof(*event) + event->len;
		}
	return count;
}

static void check_all(void)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	const struct store *store = store_in(layouts, "app", arena, false);
	for (unsigned i = 0; i < WRITERS; i++) {
		const char *tag = arena_printf(arena, "v%u", i);
		assert_string_equal(whole_image(store, tag, pictures, WRITERS, arena),
				    pictures[i].digest);
	}
}

static void test_together(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	struct writer writers[WRITERS];
	struct error err;
	char path[96];
	(void)state;
	for (unsigned i = 0; i < WRITERS; i++)
		make_picture(arena_printf(arena, "number %u", i), &pictures[i]);
	assert_true(copy_picture(store_in(layouts, "app", arena, true), &pictures[0], "v0", &err));
	snprintf(path, sizeof(path), "%s/app", base);
	int notices = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(inotify_add_watch(notices, path, IN_MOVED_TO) >= 0);
	snprintf(path, sizeof(path), "%s/app/oci-layout", base);
	int lock = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	for (unsigned i = 1; i < WRITERS; i++) {
		writers[i] = (struct writer){.layouts = layouts, .number = i};
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_one, &writers[i]),
				 0);
	}
	while (waiting(layouts_item(layouts, 0)) < WRITERS - 1)
		sched_yield();
	assert_int_equal(writings(notices), 0);
	close(lock);
	for (unsigned i = 1; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_true(writers[i].ok);
	}
	assert_int_equal(writings(notices), 1);
	close(notices);
	check_all();
}

/* What another program has added meanwhile stays. */
static void test_others_write_as_well(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(layouts_free) struct layouts *layouts = layouts_new(NULL, 0);
	scoped(layouts_free) struct layouts *others = layouts_new(NULL, 0);
	struct error err;
	(void)state;
	for (unsigned i = 0; i < WRITERS; i++) {
		make_picture(arena_printf(arena, "number %u", i), &pictures[i]);
		assert_true(copy_picture(store_in(i % 2 ? others : layouts, "app", arena, true),
					 &pictures[i], arena_printf(arena, "v%u", i), &err));
	}
	check_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_together, make_base, remove_base),
		cmocka_unit_test_setup_teardown(test_others_write_as_well, make_base, remove_base)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
