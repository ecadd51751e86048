/* What a refused manifest was refused for, in the words of several registries. */
#include "registry/push.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ERRORS(code, message, detail)                                                              \
	"{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\",\"detail\":" detail "}]}"
#define OWN "sha256:0123456789012345678901234567890123456789012345678901234567890123"
#define LAYER "sha256:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff0000"

static const struct {
	int status;
	const char *body;
	bool incomplete, vague, login, type;
	const char *missing;
} rows[] = {
	{400, ERRORS("MANIFEST_BLOB_UNKNOWN", "blob unknown", "{\"digest\":\"" LAYER "\"}"), true,
	 false, false, false, LAYER},
	{404, ERRORS("BLOB_UNKNOWN", "x", "\"" OWN " misses " LAYER "\""), true, false, false,
	 false, LAYER},
	{400, ERRORS("MANIFEST_UNKNOWN", "x", "\"" OWN "\""), true, false, false, false, ""},
	{500, ERRORS("MANIFEST_BLOB_UNKNOWN", "x", "{}"), true, false, false, false, ""},
	{500, "", false, false, false, false, ""},
	/* by its words alone */
	{400, ERRORS("MANIFEST_INVALID", "manifest invalid", "\"Blob asset not found: " LAYER "\""),
	 true, true, false, false, LAYER},
	{404, "layer does not exist", true, true, false, false, ""},
	{404, ERRORS("NAME_UNKNOWN", "repository team/blob-store unknown", "{}"), false, false,
	 false, false, ""},
	{400, ERRORS("MANIFEST_INVALID", "manifest invalid", "{}"), false, false, false, false, ""},
	/* other reasons */
	{403, ERRORS("DENIED", "blob not found or access denied", "{}"), false, false, true, false,
	 ""},
	{401, ERRORS("UNAUTHORIZED", "x", "{}"), false, false, true, false, ""},
	{415, "", false, false, false, true, ""},
	{400, ERRORS("MANIFEST_INVALID", "unsupported mediaType x/y", "{}"), false, false, false,
	 true, ""},
	{405, ERRORS("UNSUPPORTED", "media type not supported", "{}"), false, false, false, true,
	 ""},
	{400, ERRORS("MANIFEST_BLOB_UNKNOWN", "unknown media type", "{}"), true, false, false,
	 false, ""},
	{201, "blob not found", false, false, false, false, ""},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(rows); i++) {
		scoped(http_answer_finish) struct http_answer answer = {.status = rows[i].status};
		struct push_answer said;
		buf_add_string(&answer.body, rows[i].body);
		push_read_refusal(&answer, OWN, &said);
		if (said.incomplete != rows[i].incomplete || said.vague != rows[i].vague ||
		    said.login != rows[i].login || said.type != rows[i].type ||
		    strcmp(said.missing, rows[i].missing) != 0)
			fail_msg("row %zu: incomplete %d, vague %d, login %d, type %d, \"%s\"", i,
				 said.incomplete, said.vague, said.login, said.type, said.missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
