/* Memory that runs out while a state with its hints is read, added to and written. */
#include "test_scarce_fixture.h"

#include "doc/json_writer.h"
#include "state/state.h"

#define DIGEST(letter)                                                                             \
	"sha256:" letter letter letter letter letter letter letter letter letter letter letter     \
		letter letter letter letter letter
#define DA DIGEST("aaaa")
#define DB DIGEST("bbbb")

static const char document[] =
	"{\"version\": 1, \"seen\": {\"r.io/a@" DA
	"\": {\"first\": 1, \"last\": 2000000000}}, \"written\": {\"s.io/b:1\": {\"digest\": \"" DA
	"\", \"source\": \"r.io/a@" DA
	"\", \"when\": 2, \"met\": 3}}, \"hints\": {\"r.io/a:1 s.io/b:1 x\": {\"source\": \"" DA
	"\", \"destination\": \"" DB "\", \"seen\": 2000000000}}, \"manifests\": {\"" DA
	"\": {\"parts\": [\"" DA "\", \"" DB "\"], \"seen\": 2000000000}}}";

/* Either all of the file is taken, or the reason is told and nothing is. */
static bool reading(struct arena *arena, struct buf *out)
{
	scoped(state_free) struct sync_state *state = state_new();
	struct error err = {0};
	(void)arena;
	if (!state)
		return false;
	if (!state_read(state, str_of(document), 2000000000, &err))
		return out_of_memory(&err);
	counting = false;
	state_write(state, out);
	return true;
}

/* What could not be kept is missing, and the document is whole or marked as failed. */
static bool writing(struct arena *arena, struct buf *out)
{
	scoped(state_free) struct sync_state *state = state_new();
	scoped(buf_finish) struct buf text = {0};
	const struct hint hint = {"r.io/a:1", "s.io/b:1", "x", DA, DB};
	const struct reference source = {"r.io", "a", "1", NULL};
	const struct written_tag tag = {{"s.io", "b", "1", NULL}, DA, "r.io/a@" DA, 2000000000, 0};
	struct written_tag found, *list;
	bool seen;
	if (!state)
		return false;
	const char *const parts[] = {DA, DB}, *const * known;
	size_t count, below;
	struct hints *hints = state_hints(state);
	hints_record(hints, &hint, 2000000000);
	hints_record_parts(hints, DA, parts, 2, 2000000000);
	state_see(state, &source, DA, 2000000000, &seen);
	state_wrote(state, &tag);
	bool kept = seen && state_written(state, &tag.destination, &found) &&
		    strcmp(found.source, tag.source) == 0 && hints_confirm(hints, &hint) &&
		    hints_find_parts(hints, DA, 2000000000, &known, &count) && count == 2 &&
		    state_written_below(state, "s.io", "", arena, &list, &below) && below == 1;
	state_write(state, &text);
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
