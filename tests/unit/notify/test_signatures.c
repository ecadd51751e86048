/* What DingTalk and Feishu want signed: two ways that are easily confused. */
#include "notify/dingtalk.h"
#include "notify/feishu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_dingtalk(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	(void)state;
	dingtalk_sign("this is secret", 1577262236757, &out);
	assert_string_equal(buf_string(&out), "timestamp=1577262236757&sign="
					      "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D");
}

static void test_feishu(void **state)
{
	scoped(buf_finish) struct buf out = {0};
	(void)state;
	feishu_sign("this is secret", 1599360473, &out);
	assert_string_equal(buf_string(&out), "/eYKrXQBzTjUZJ3s6NX16VxGbTwmK7AEs8/FnvC1CSw=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dingtalk),
					   cmocka_unit_test(test_feishu)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
