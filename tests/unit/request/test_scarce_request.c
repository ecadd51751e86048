/* Memory that runs out between a text and the answer to it. */
#include "test_scarce_fixture.h"

#include "request/answer.h"
#include "request/judge.h"

static const char text[] =
	"quay.io/a/b:1 g\xd1\x81r.io/a/b:1 `nginx:1` gcr.io/A/b https://hub.docker.com/_/redis "
	"quay.io/no/c:1 ghrc.io/a/b:1";

static bool answering(struct arena *arena, struct buf *out)
{
	static const struct placed allow[] = {{"**", "p:1:1"}},
				   deny[] = {{"quay.io/no/*", "p:2:1"}};
	static const struct policy policy = {.allow = {allow, 1},
					     .deny = {deny, 1},
					     .to = {.host = "r.test", .repository = "m"},
					     .names = "full",
					     .max_images = 9};
	scoped(problem_finish) struct problems problems = {0};
	scoped(buf_finish) struct buf comment = {0};
	struct judge judge;
	struct mentions mentions;
	struct mirror_request request;
	struct rules rules;
	if (!judge_prepare(arena, &policy, &judge, &problems) ||
	    !mentions_find(arena, str_of(text), &mentions) ||
	    !judge_request(arena, &judge, &mentions, &request) ||
	    !judge_rules(arena, &judge, &request, &rules))
		return false;
	answer_comment(&request, &comment);
	if (!buf_ok(&comment))
		return false;
	counting = false;
	assert_int_equal(problems.error_count, 0);
	buf_printf(out, "%zu rules\n", rules.count);
	buf_add_str(out, buf_str(&comment));
	return true;
}

static void test_answer(void **state)
{
	(void)state;
	starve(answering);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answer)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
