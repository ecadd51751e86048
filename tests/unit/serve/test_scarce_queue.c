/*
 * The queue when memory runs out. Without its thread, so that each allocation has a number: the end
 * of the queue writes the record then.
 */
#include "serve/queue.h"

#include "base/file.h"
#include "serve/record.h"
#include "test_scarce_fixture.h"

#include <unistd.h>

enum { NOW = 1000000 };

static char path[64];

static void put(const char *content)
{
	struct error err;
	spared++;
	assert_true(file_write(path, str_of(content), &err));
	spared--;
}

/* What the file holds after all. */
static void show_file(struct buf *out)
{
	scoped(buf_finish) struct buf content = {0};
	struct error err;
	spared++;
	assert_true(file_read(path, &content, &err));
	buf_add_str(out, buf_str(&content));
	spared--;
}

static void note(void *ctx, bool written)
{
	*(bool *)ctx |= !written;
}

/* Takes all, and settles each in another way. */
static bool run_all(struct queue *queue, struct arena *arena)
{
	struct queue_entry *list;
	size_t count;
	if (!queue_take(queue, NOW, true, 9, arena, &list, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		queue_settle(queue, list[i].id, (enum queue_verdict)(i % 5), "why", NOW);
	return true;
}

static bool show(struct queue *queue, struct arena *arena, struct buf *out)
{
	struct queue_entry *list;
	size_t count;
	if (!queue_list(queue, 9, arena, &list, &count))
		return false;
	spared++;
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s:%s&%s %d %u\n", list[i].item.source, list[i].item.tag,
			   list[i].item.destination, list[i].state, list[i].attempts);
	spared--;
	return true;
}

static bool queue_scenario(struct arena *arena, struct buf *out)
{
	static const struct queue_item items[] = {
		{"quay.io/ns/a", "1", "d"}, {"ghcr.io/ns/b", "1", "d"}, {"quay.io/ns/c", "1", ""}};
	struct queue *queue;
	struct error err;
	bool refused = false;
	put("{\"quay.io/ns/a:1&d\":0,\"odd\":1,\"quay.io/ns/b:1&d\":0,\"quay.io/ns/b:2&d\":0}");
	if (!queue_open(&(struct queue_options){path, 9}, &queue, &err)) {
		show_file(out);
		assert_non_null(strstr(buf_string(out), "quay.io/ns/b:2&d"));
		return out_of_memory(&err);
	}
	bool good = run_all(queue, arena) && show(queue, arena, out) &&
		    queue_add(queue, items, 2, note, &refused) == QUEUE_TAKEN &&
		    queue_add(queue, items + 1, 2, note, &refused) == QUEUE_TAKEN &&
		    show(queue, arena, out);
	queue_free(&queue);
	show_file(out);
	/* Nothing that was not confirmed is lost. */
	assert_non_null(strstr(buf_string(out), "\"odd\":"));
	assert_non_null(strstr(buf_string(out), "\"quay.io/ns/b:2&d\":0"));
	return good && !refused;
}

static void test_queue(void **state)
{
	(void)state;
	starve(queue_scenario);
}

static bool record_scenario(struct arena *arena, struct buf *out)
{
	scoped(record_close) struct record_file *file = NULL;
	scoped(buf_finish) struct buf line = {0};
	struct error err;
	struct str *keys;
	size_t count;
	put("{\"quay.io/ns/a:1&d\":0,\"odd\":1}");
	if (!record_open(path, &file, &err) || !record_read(file, arena, &keys, &count, &err))
		return out_of_memory(&err);
	record_encode("quay.io/ns/b:1&d", &line);
	if (!buf_ok(&line) || !record_append(file, 1, buf_str(&line)))
		return false;
	bool saved = record_save(file, &err) || out_of_memory(&err);
	show_file(out);
	return saved;
}

static void test_record(void **state)
{
	(void)state;
	starve(record_scenario);
}

static int make_file(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/queue-scarce-XXXXXX");
	int fd = mkstemp(path);
	return fd < 0 ? 1 : close(fd);
}

static int remove_file(void **state)
{
	char lock[80];
	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	return unlink(path) | unlink(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_queue, make_file, remove_file),
		cmocka_unit_test_setup_teardown(test_record, make_file, remove_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
