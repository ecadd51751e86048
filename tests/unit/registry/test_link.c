/* The next page of a listing. */
#include "registry/link.h"

#include "base/buf.h"
#include "base/scoped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *value;
	const char *target; /* NULL: none */
} rows[] = {
	{"</v2/a/tags/list?n=2&last=b>; rel=\"next\"", "/v2/a/tags/list?n=2&last=b"},
	{"</x>; rel=next", "/x"},
	{"</x>;rel=next", "/x"},
	{"  </x> ; REL = \"NEXT\" ", "/x"},
	{"</x>; title=\"a, b; rel=prev\"; rel=\"next\"", "/x"},
	{"</x>; title=\"a\\\", <y>; rel=next\"; rel=\"next\"; y", "/x"},
	{"</x>; rel=\"prev next\"", "/x"},
	{"</p>; rel=\"prev\", </n>; rel=\"next\"", "/n"},
	{"</n>; rel=\"next\", </p>; rel=\"prev\"", "/n"},
	{"</a,b;c>; rel=next", "/a,b;c"},
	{"<https://reg.io/v2/a?x=%3E>; rel=\"next\"", "https://reg.io/v2/a?x=%3E"},
	{"</a>, </n>; rel=next", "/n"},
	{"junk, </n>; rel=next", "/n"},
	{",,</n>; rel=next,,", "/n"},
	{"</n>; rel=\"next", NULL},
	{"</n>; rel=\"nextpage\"", NULL},
	{"</n>; rel=\"x-next\"", NULL},
	{"</n>; rel=prev; rel=next", NULL},
	{"</n>; rev=next", NULL},
	{"</n>; title=\"rel=next\"", NULL},
	{"</n>; title=\"; rel=next\"", NULL},
	{"</n>; rel", NULL},
	{"</n>; rel=", NULL},
	{"</n>", NULL},
	{"<>; rel=next", NULL},
	{"</n; rel=next", NULL},
	{"/n; rel=next", NULL},
	{"junk </n>; rel=next", NULL},
	{"rel=next", NULL},
	{"<", NULL},
	{"\"", NULL},
	{",", NULL},
	{"", NULL},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct str target = {0};
		bool found = link_next(str_of(rows[i].value), &target);
		if (found != (rows[i].target != NULL) || !str_equal(target, str_of(rows[i].target)))
			fail_msg("%s: \"%.*s\"", rows[i].value, STR_ARGS(target));
	}
}

/* Nothing behind the value is read: the copy ends where its memory does. */
static void test_every_prefix(void **state)
{
	static const char text[] = "</p>; rel=\"prev\\\"\", </n>; rel=\"next\"";
	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		struct str target;
		char *copy = malloc(len);
		assert_non_null(copy);
		memcpy(copy, text, len);
		bool found = link_next((struct str){copy, len}, &target);
		assert_int_equal(found, len == sizeof(text) - 1);
		free(copy);
	}
}

static void test_limit(void **state)
{
	scoped(buf_finish) struct buf value = {0};
	struct str target;
	(void)state;
	buf_add_string(&value, "</n>; rel=next");
	while (value.len < LINK_BYTES_MAX)
		buf_add_char(&value, ' ');
	assert_true(link_next(buf_str(&value), &target));
	buf_add_char(&value, ' ');
	assert_false(link_next(buf_str(&value), &target));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
