/* What is answered: words, labels, commands; and what nobody can make of it. */
#include "request/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct mention plain = {.ref = {.host = "quay.io", .repository = "a/b", .tag = "1"},
				     .shown = "quay.io/a/b:1"};

static struct request_image image(enum request_state state)
{
	return (struct request_image){
		.mention = &plain,
		.image = plain.ref,
		.state = state,
		.copy = {.host = "r.test", .repository = "m/b", .tag = "1"},
	};
}

static void check(const struct mirror_request *request, const char *labels, const char *result,
		  const char *comment)
{
	scoped(buf_finish) struct buf said = {0}, named = {0};
	answer_comment(request, &said);
	answer_labels(request, &named);
	assert_string_equal(buf_string(&named), labels);
	assert_string_equal(answer_result(request), result);
	assert_int_equal(answer_good(request), strcmp(result, "success") == 0);
	if (!strstr(buf_string(&said), comment))
		fail_msg("lacks %s\n%s", comment, buf_string(&said));
}

static void test_endings(void **state)
{
	(void)state;
	struct request_image items[] = {image(REQUEST_COPIED), image(REQUEST_PRESENT),
					image(REQUEST_REFUSED), image(REQUEST_FAILED)};
	struct mirror_request request = {.items = items, .count = 1};
	check(&request, "mirrored", "success",
	      "**The image is mirrored.**\n\n| image | result |\n| --- | --- |\n"
	      "| `quay.io/a/b:1` | copied to `r.test/m/b:1` |\n\n"
	      "```sh\ndocker pull r.test/m/b:1\n```\n");
	request.count = 2;
	check(&request, "mirrored", "success", "**All 2 images are mirrored.**");
	request.count = 3;
	check(&request, "mirrored,refused", "partial", "**2 of 3 images are mirrored.**");
	request.count = 4;
	check(&request, "mirrored,refused,failed", "partial", "failed: `no reason is known`");
	request = (struct mirror_request){.items = &items[2], .count = 2};
	check(&request, "refused,failed", "failure", "**None of the 2 images is mirrored.**");
	request = (struct mirror_request){.count = 0};
	check(&request, "nothing-found", "failure", "**No image was found in the text.**");
	request.barred = true;
	check(&request, "refused", "failure", "**You may not ask");
	request = (struct mirror_request){.items = items, .count = 1, .broken = "of a mistake"};
	check(&request, "failed", "failure", "**Nothing was tried:** of a mistake.");
	request = (struct mirror_request){.items = items, .count = 1, .more = true};
	check(&request, "mirrored,refused", "partial", "names more than 200 images");
	items[0].state = REQUEST_ACCEPTED;
	request = (struct mirror_request){.items = items, .count = 1, .tentative = true};
	check(&request, "", "success", "**The image would be mirrored.**");
}

static void test_guesses(void **state)
{
	(void)state;
	struct mention mention = plain;
	struct request_image one = image(REQUEST_PRESENT);
	const struct mirror_request request = {.items = &one, .count = 1};
	one.mention = &mention;
	mention.guessed_tag = mention.guessed_host = true;
	check(&request, "mirrored", "success",
	      "`quay.io/a/b:1` (guessed: no registry was named, so Docker Hub; no tag was named, "
	      "so `latest`) | already there as ");
	mention.form = MENTION_PAGE;
	mention.guessed_host = mention.guessed_tag = false;
	one.by_digest = true;
	check(&request, "mirrored", "success",
	      "(guessed: from the address of its page) (by its digest: the tag beside it is left "
	      "out) |");
}

static void test_what_others_write(void **state)
{
	(void)state;
	struct request_image one = image(REQUEST_FAILED);
	const struct mirror_request request = {.items = &one, .count = 1};
	one.detail = "a|b`c`@d <e> \xd1\x81\n::error::x";
	check(&request, "failed", "failure",
	      "failed: `a\\u{7c}b\\u{60}c\\u{60}@d <e> \\u{441}\\n::error::x` |");
	one.why = "it lacks";
	one.detail = "";
	check(&request, "failed", "failure", "failed: it lacks ` ` |");
}

static void test_many(void **state)
{
	(void)state;
	struct request_image items[MENTIONS_MAX];
	struct mirror_request request = {.items = items, .count = MENTIONS_MAX};
	scoped(buf_finish) struct buf said = buf_limit(ANSWER_MAX);
	static char name[REFERENCE_PATH_MAX + 1], tag[REFERENCE_TAG_MAX + 1], why[2000];
	memset(name, 'n', sizeof(name) - 1);
	memset(tag, 't', sizeof(tag) - 1);
	memset(why, 1, sizeof(why) - 1);
	for (size_t i = 0; i < MENTIONS_MAX; i++) {
		items[i] = image(i % 2 ? REQUEST_COPIED : REQUEST_FAILED);
		items[i].image.repository = items[i].copy.repository = name;
		items[i].image.tag = items[i].copy.tag = tag;
		items[i].detail = why;
	}
	answer_comment(&request, &said);
	assert_true(buf_ok(&said));
	assert_non_null(strstr(buf_string(&said), "\nand 150 more\n"));
	for (size_t i = 0; i < MENTIONS_MAX; i++)
		items[i].state = REQUEST_FAILED;
	buf_reset(&said);
	answer_comment(&request, &said);
	assert_true(buf_ok(&said));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endings),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_what_others_write),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
