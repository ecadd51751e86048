/* Memory that runs out while the names of a hook are read and judged. */
#include "test_scarce_fixture.h"

#include "serve/hook_names.h"

/* Judges all of them: nothing but memory ends that. */
static bool judge_all(struct arena *arena, const struct hook_names *names, struct buf *out)
{
	for (size_t i = 0; i < names->count; i++) {
		enum hook_verdict verdict;
		struct hook_image image;
		struct error err = {0};
		if (!hook_names_judge(arena, &names->items[i], false, &verdict, &image, &err))
			return out_of_memory(&err);
		counting = false;
		if (verdict == HOOK_GOOD)
			buf_printf(out, "%s/%s:%s ", image.host, image.repository, image.tag);
		else
			buf_printf(out, "%d: %s ", verdict, err.text);
		counting = true;
	}
	return true;
}

static bool json(struct arena *arena, struct buf *out)
{
	struct hook_names names;
	struct error err = {0};
	if (!hook_names_json(arena,
			     STR("[{\"name\": \"Quay.io/ns/img\", \"tag\": \"1\"},"
				 "{\"name\": \"docker.io/library/nginx\", \"tag\": \"snapshot\"},"
				 "{\"name\": \"quay.io/ns/../img\", \"tag\": \"1\"}, {}]"),
			     &names, &err))
		return out_of_memory(&err);
	return judge_all(arena, &names, out);
}

static bool form(struct arena *arena, struct buf *out)
{
	struct hook_names names;
	struct error err = {0};
	if (!hook_names_form(arena,
			     STR("name=quay.io%2fns%2fimg&tag=1&name=quay.io/another/longer/name"),
			     &names, &err))
		return out_of_memory(&err);
	return judge_all(arena, &names, out);
}

static void test_names(void **state)
{
	(void)state;
	starve(json);
	starve(form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
