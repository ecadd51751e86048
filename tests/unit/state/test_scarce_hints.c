/* Memory that runs out while hints are read, recorded and written. */
#include "test_scarce_fixture.h"

#include "state/hints.h"

#define DIGEST(letter)                                                                             \
	"sha256:" letter letter letter letter letter letter letter letter letter letter letter     \
		letter letter letter letter letter
#define DA DIGEST("aaaa")
#define DB DIGEST("bbbb")

static const char document[] =
	"{\"version\": 1, \"hints\": {\"r.io/a:1 s.io/b:1 x\": {\"source\": \"" DA
	"\", \"destination\": \"" DB "\", \"seen\": 2000000000}}, \"manifests\": {\"" DA
	"\": {\"parts\": [\"" DA "\", \"" DB "\"], \"seen\": 2000000000}}}";

/* Either all of the file is taken, or the reason is told. */
static bool reading(struct arena *arena, struct buf *out)
{
	scoped(hints_free) struct hints *hints = hints_new();
	struct error err = {0};
	(void)arena;
	if (!hints)
		return false;
	if (!hints_read(hints, str_of(document), 2000000000, &err))
		return out_of_memory(&err);
	counting = false;
	hints_write(hints, out);
	return true;
}

/* A hint that could not be kept is missing, and the document is whole or marked as failed. */
static bool writing(struct arena *arena, struct buf *out)
{
	scoped(hints_free) struct hints *hints = hints_new();
	scoped(buf_finish) struct buf text = {0};
	const struct hint hint = {"r.io/a:1", "s.io/b:1", "x", DA, DB};
	(void)arena;
	if (!hints)
		return false;
	const char *const parts[] = {DA, DB}, *const * list;
	size_t count;
	hints_record(hints, &hint, 2000000000);
	hints_record_parts(hints, DA, parts, 2, 2000000000);
	bool kept = hints_confirm(hints, &hint) &&
		    hints_find_parts(hints, DA, 2000000000, &list, &count) && count == 2;
	hints_write(hints, &text);
	counting = false;
	if (!kept || !buf_ok(&text) || !strstr(buf_string(&text), hint.source))
		return false;
	buf_add_str(out, buf_str(&text));
	return true;
}

static void test_reading(void **state)
{
	(void)state;
	starve(reading);
}

static void test_writing(void **state)
{
	(void)state;
	starve(writing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_reading),
					   cmocka_unit_test(test_writing)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
