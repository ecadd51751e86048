/* The index.json of an archive: which entries a repository has, and that it is read once. */
#include "layout/archive_index.h"

#include "layout/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { REPOSITORIES = 50, TAGS = 3 };

static void add(struct buf *text, unsigned number, const char *name)
{
	buf_printf(text, "%s{\"mediaType\":\"m/%u\",\"digest\":\"sha256:%064x\",\"size\":%u", /* */
		   number ? "," : "", number, number, number);
	if (name)
		buf_printf(text, ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}",
			   name);
	buf_printf(text, "}");
}

/* The tags of the repositories take turns; behind each turn comes an entry without a name. */
static void write_archive(struct arena *arena, const char *path)
{
	scoped(buf_finish) struct buf text = {0};
	struct error err;
	unsigned number = 0;
	buf_printf(&text, "{\"schemaVersion\":2,\"manifests\":[");
	for (unsigned tag = 0; tag < TAGS; tag++) {
		for (unsigned i = 0; i < REPOSITORIES; i++) {
			char name[64];
			snprintf(name, sizeof(name), "team/app%u:v%u", i, tag);
			add(&text, number++, name);
		}
		add(&text, number++, NULL);
	}
	buf_printf(&text, "]}");
	assert_true(buf_ok(&text));
	struct archive *archive = archive_new(arena, path, true, 0);
	assert_true(archive_start(archive, &err));
	assert_true(archive_put(archive, "index.json", buf_str(&text), &err));
	assert_true(archive_finish(archive, &err));
	archive_close(archive);
}

static void check(struct archive *archive, struct arena *arena, unsigned repository,
		  struct layout_index *out)
{
	char path[64];
	struct error err;
	snprintf(path, sizeof(path), "team/app%u", repository);
	assert_true(archive_index_choose(archive, path, arena, out, &err));
	assert_int_equal(out->count, 2 * TAGS);
	for (unsigned tag = 0; tag < TAGS; tag++) {
		const struct layout_entry *named = &out->entries[2 * tag];
		char wanted[8];
		snprintf(wanted, sizeof(wanted), "v%u", tag);
		assert_string_equal(named->name, wanted);
		assert_int_equal(named->size, tag * (REPOSITORIES + 1) + repository);
		assert_null(named[1].name);
		assert_int_equal(named[1].size, tag * (REPOSITORIES + 1) + REPOSITORIES);
	}
}

static void test_repositories(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	char path[] = "/tmp/test-archive-index-XXXXXX";
	struct layout_index first, again, all, none;
	struct error err;
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0 && close(fd) == 0);
	write_archive(arena, path);
	struct archive *archive = archive_new(arena, path, false, 0);
	assert_true(archive_open(archive, &err));
	for (unsigned i = 0; i < REPOSITORIES; i++)
		check(archive, arena, i, &first);
	check(archive, arena, REPOSITORIES - 1, &again);
	assert_ptr_equal(first.entries[0].text.at, again.entries[0].text.at);
	assert_true(archive_index_choose(archive, "", arena, &all, &err));
	assert_int_equal(all.count, TAGS * (REPOSITORIES + 1));
	assert_string_equal(all.entries[0].name, "team/app0:v0");
	assert_ptr_equal(all.entries[0].text.at, all.before.at + all.before.len + 1);
	assert_true(archive_index_choose(archive, "team/other", arena, &none, &err));
	assert_int_equal(none.count, TAGS);
	archive_close(archive);
	unlink(path);
}

/* One without an index.json fails each time. */
static void test_no_index(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	char path[] = "/tmp/test-archive-index-XXXXXX";
	struct layout_index out;
	struct error err;
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0 && close(fd) == 0);
	struct archive *archive = archive_new(arena, path, true, 0);
	assert_true(archive_start(archive, &err));
	assert_true(archive_put(archive, "else", STR("x"), &err));
	assert_true(archive_finish(archive, &err));
	archive_close(archive);
	archive = archive_new(arena, path, false, 0);
	assert_true(archive_open(archive, &err));
	for (int i = 0; i < 2; i++) {
		assert_false(archive_index_choose(archive, "a", arena, &out, &err));
		assert_int_equal(err.kind, ERROR_MISSING);
	}
	archive_close(archive);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repositories),
		cmocka_unit_test(test_no_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
