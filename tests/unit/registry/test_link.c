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
	{"< /x >; rel=next", "/x"},
	{"</x>; title=\"a, b; rel=prev\"; rel=\"next\"", "/x"},
	{"</x>; title=\"a\\\", <y>; rel=next\"; rel=\"next\"; y", "/x"},
	{"</x>; rel=\"prev next\"", "/x"},
	{"</x>; rel=\"prev\tNEXT\"", "/x"},
	{"</p>; rel=\"prev\", </n>; rel=\"next\"", "/n"},
	{"</n>; rel=\"next\", </p>; rel=\"prev\"", "/n"},
	{"</a,b;c>; rel=next", "/a,b;c"},
	{"<https://reg.io/v2/a?x=%3E>; rel=\"next\"", "https://reg.io/v2/a?x=%3E"},
	{"</a>, </n>; rel=next", "/n"},
	{"junk, </n>; rel=next", "/n"},
	{",,</n>; rel=next,,", "/n"},
	/* without brackets, or with half of them */
	{"/v2/x/tags/list?last=b; rel=\"next\"", "/v2/x/tags/list?last=b"},
	{"/n?last=a,b; rel=next", "/n?last=a,b"},
	{"https://reg.io/v2/x?last=b;rel=next", "https://reg.io/v2/x?last=b"},
	{"tags/list?last=b; rel=next", "tags/list?last=b"},
	{"?last=b; rel=next", "?last=b"},
	{"\"/n\"; rel=next", "/n"},
	{"'/n'; rel='next'", "/n"},
	{"/p; rel=prev,/n; rel=next", "/n"},
	{"/p; rel=\"prev\", /n; rel=\"next\"", "/n"},
	{"</n; rel=next", "/n"},
	{"/n rel=next", "/n"},
	/* other separators */
	{"</n> rel=next", "/n"},
	{"</n>;;rel=next", "/n"},
	{"</n>, rel=\"next\"", "/n"},
	{"</p>; rel=prev, </n>, rel=next", "/n"},
	{"</p>; rel=prev </n>; rel=next", "/n"},
	{"junk </n>; rel=next", "/n"},
	{"</n>; rel='next'", "/n"},
	{"</n>; rel='prev next'", "/n"},
	{"</n>; rel=\"prev,next\"", "/n"},
	{"</n>; rel=\"next", "/n"},
	{"</n>; title=\"open; rel=next", "/n"},
	{"</n>; title=it's; rel=next", "/n"},
	{"</n>; rel=prev; rel=next", "/n"},
	/* without a relation, but plainly the rest of a list */
	{"</v2/x/tags/list?n=2&last=b>", "/v2/x/tags/list?n=2&last=b"},
	{"/v2/x/tags/list?last=b", "/v2/x/tags/list?last=b"},
	{"</v2/x/tags/list?next_page=gAAA>; title=more", "/v2/x/tags/list?next_page=gAAA"},
	/* no next page */
	{"</n?last=b>; rel=\"prev\"", NULL},
	{"</n?last=b>; rel=first, </n?blast=b>; title=x", NULL},
	{"</n>; rel=\"nextpage\"", NULL},
	{"</n>; rel=\"x-next\"", NULL},
	{"</n>; rev=next", NULL},
	{"</n>; title=\"rel=next\"", NULL},
	{"</n>; title=\"; rel=next\"", NULL},
	{"</n>; title='; rel=next'", NULL},
	{"</n>; rel", NULL},
	{"</n>; rel=", NULL},
	{"</n>", NULL},
	{"next", NULL},
	{"<", NULL},
	{"\"", NULL},
	{";", NULL},
	{"=", NULL},
	{",", NULL},
	{"", NULL},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		struct str target = {0};
		enum link_found found = link_next(str_of(rows[i].value), &target);
		if (found != (rows[i].target ? LINK_NEXT : LINK_NONE) ||
		    !str_equal(target, str_of(rows[i].target)))
			fail_msg("%s: %d \"%.*s\"", rows[i].value, (int)found, STR_ARGS(target));
	}
}

/* A page is announced, but not where it is. */
static void test_unreadable(void **state)
{
	static const char *const values[] = {"<>; rel=next", "< >; rel=\"next\"", "rel=next",
					     "; rel=next", "</p>; rel=prev, <>; rel=next"};
	(void)state;
	for (size_t i = 0; i < array_count(values); i++) {
		struct str target = STR("before");
		if (link_next(str_of(values[i]), &target) != LINK_UNREADABLE || target.len)
			fail_msg("%s: \"%.*s\"", values[i], STR_ARGS(target));
	}
}

/* Nothing behind the value is read: the copy ends where its memory does. */
static void test_every_prefix(void **state)
{
	static const char *const texts[] = {"</p>; rel=\"prev\\\"\", </n>; rel=\"next\"",
					    "'/p' ;rel = 'prev',/n?last=a,b rel='x next'"};
	(void)state;
	for (size_t i = 0; i < array_count(texts); i++)
		for (size_t len = 1; len <= strlen(texts[i]); len++) {
			struct str target;
			char *copy = malloc(len);
			assert_non_null(copy);
			memcpy(copy, texts[i], len);
			enum link_found found = link_next((struct str){copy, len}, &target);
			assert_true(found == LINK_NEXT || len < strlen(texts[i]));
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
	assert_int_equal(link_next(buf_str(&value), &target), LINK_NEXT);
	buf_add_char(&value, ' ');
	assert_int_equal(link_next(buf_str(&value), &target), LINK_UNREADABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
