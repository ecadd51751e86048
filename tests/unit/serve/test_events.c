/* What the registries' messages name, and which messages are refused; how they show a secret. */
#include "serve/events/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "test_event_payloads.h"

static void check(const char *kind, const char *headers, struct str body, const char *wanted)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf shown = {0};
	struct error err = {0};
	bool good = fixture_read(arena, kind, headers, body, &shown, &err);
	if (!good)
		assert_int_equal(err.kind, ERROR_CONFIG);
	if (strcmp(buf_string(&shown), wanted) != 0)
		fail_msg("%s: %.*s\nis:     %s\nwanted: %s", kind, STR_ARGS(body),
			 buf_string(&shown), wanted);
}

static void test_payloads(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(event_payloads); i++) {
		const struct event_payload *row = &event_payloads[i];
		scoped(buf_finish) struct buf body = {0};
		fixture_quote(row->body, &body);
		check(row->kind, row->headers, buf_str(&body), row->wanted);
	}
}

/* Each kind refuses what is no JSON, and never fails in another way on a message cut anywhere. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(event_payloads); i++) {
		const struct event_payload *row = &event_payloads[i];
		scoped(buf_finish) struct buf body = {0};
		fixture_quote(row->body, &body);
		for (size_t len = 0; len < body.len; len++) {
			scoped(arena_free) struct arena *arena = arena_new();
			scoped(buf_finish) struct buf shown = {0};
			struct error err = {0};
			assert_false(fixture_read(arena, row->kind, row->headers,
						  (struct str){body.at, len}, &shown, &err));
			assert_int_equal(err.kind, ERROR_CONFIG);
		}
	}
}

static void test_kinds(void **state)
{
	static const char order[] = "dockerhub harbor quay github gitlab acr aliyun distribution "
				    "zot nexus ";
	scoped(buf_finish) struct buf names = {0};
	(void)state;
	for (size_t i = 0; events_kind(i); i++) {
		buf_printf(&names, "%s ", events_kind(i)->name);
		assert_ptr_equal(events_find(str_of(events_kind(i)->name)), events_kind(i));
	}
	assert_string_equal(buf_string(&names), order);
	assert_null(events_find(STR("Harbor")));
	assert_null(events_find(STR("")));
	assert_null(events_find(STR("harbors")));
	assert_string_equal(events_find(STR("github"))->host, "ghcr.io");
	assert_string_equal(events_find(STR("dockerhub"))->host, "docker.io");
	assert_null(events_find(STR("nexus"))->host);
}

/* Neither a hostile name nor a hostile text reaches the error as it is. */
static void test_clean_quotes(void **state)
{
	static const char *const tags[] = {"a\\u001b[31mb", "::add-mask::x", "\\u202ex", "a b",
					   "<script>",      "../../x",       "-x",       ".x"};
	(void)state;
	for (size_t i = 0; i < array_count(tags); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf body = {0};
		scoped(buf_finish) struct buf shown = {0};
		struct error err = {0};
		buf_printf(
			&body,
			"{\"push_data\":{\"tag\":\"%s\"},\"repository\":{\"repo_name\":\"a/b\"}}",
			tags[i]);
		assert_false(fixture_read(arena, "dockerhub", "", buf_str(&body), &shown, &err));
		assert_memory_equal(err.text, "push_data.tag: ", 15);
		for (const char *at = err.text; *at; at++)
			assert_in_range(*at, 0x20, 0x7e);
	}
}

/* 4,096 images in one message and no more; the others are counted without a limit. */
static void test_many(void **state)
{
	(void)state;
	for (size_t count = EVENTS_IMAGES_MAX - 1; count <= EVENTS_IMAGES_MAX + 1; count++) {
		scoped(arena_free) struct arena *arena = arena_new();
		scoped(buf_finish) struct buf body = {0};
		struct event_images images;
		struct error err = {0};
		buf_add_string(&body, "{\"events\":[{\"action\":\"pull\"}");
		for (size_t i = 0; i < count; i++)
			buf_printf(&body,
				   ",{\"action\":\"push\",\"target\":{\"repository\":\"a\","
				   "\"tag\":\"t%zu\"}}",
				   i);
		buf_add_string(&body, "]}");
		const struct event_message message = {.body = buf_str(&body)};
		bool good = events_find(STR("distribution"))->read(arena, &message, &images, &err);
		assert_int_equal(good, count <= EVENTS_IMAGES_MAX);
		if (!good) {
			assert_int_equal(err.kind, ERROR_CONFIG);
			continue;
		}
		assert_int_equal(images.count, count);
		assert_int_equal(images.others, 1);
		for (size_t i = 0; i < count; i += 511) {
			char tag[16];
			snprintf(tag, sizeof(tag), "t%zu", i);
			assert_string_equal(images.items[i].tag, tag);
		}
	}
}

#define SIGNED "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
#define SHORT "757107ea0eb2509fc211221cce984b8a37570b6d"

static void test_proofs(void **state)
{
	static const struct {
		const char *kind, *headers, *secret;
		bool proved;
	} cases[] = {
		{"harbor", "Authorization:word-of-harbor", "word-of-harbor", true},
		{"harbor", "authorization:  word-of-harbor ", "word-of-harbor", true},
		{"harbor", "Authorization:Bearer word-of-harbor", "word-of-harbor", true},
		{"harbor", "Authorization:bEARER   word-of-harbor", "word-of-harbor", true},
		{"harbor", "Authorization:Bearer word", "Bearer word", true},
		{"harbor", "Authorization:word-of-harboR", "word-of-harbor", false},
		{"harbor", "Authorization:word-of-harbo", "word-of-harbor", false},
		{"harbor", "Authorization:Bearerword-of-harbor", "word-of-harbor", false},
		{"harbor", "Authorization:Token word-of-harbor", "word-of-harbor", false},
		{"harbor", "Authorization:", "", false},
		{"harbor", "Authorization:Bearer ", "", false},
		{"harbor", "Authorization:Basic dTo=", "", false},
		{"harbor", "", "word", false},
		/* u:word, :word, word, u:, u:word:x */
		{"quay", "Authorization:Basic dTp3b3Jk", "word", true},
		{"quay", "Authorization:basic OndvcmQ=", "word", true},
		{"quay", "Authorization:Basic d29yZA==", "word", false},
		{"quay", "Authorization:Basic dTo=", "word", false},
		{"quay", "Authorization:Basic dTp3b3JkOng=", "word", false},
		{"quay", "Authorization:Basic dTp3b3JkOng=", "word:x", true},
		{"quay", "Authorization:Basic %%%%", "word", false},
		{"acr", "Authorization:word", "word", true},
		{"distribution", "Authorization:Bearer word", "word", true},
		{"zot", "Authorization:Basic dTp3b3Jk", "word", true},
		{"gitlab", "X-Gitlab-Token:word", "word", true},
		{"gitlab", "X-Gitlab-Token:wore", "word", false},
		{"gitlab", "X-Gitlab-Token:", "", false},
		{"gitlab", "Authorization:Bearer word", "word", true},
		/* of two headers the vendor's own counts */
		{"gitlab", "X-Gitlab-Token:x\nAuthorization:Bearer word", "word", false},
		/* the example of GitHub's documents, with their secret */
		{"github", "X-Hub-Signature-256:" SIGNED, "It's a Secret to Everybody", true},
		{"github", "X-Hub-Signature-256:" SIGNED, "It's a secret to Everybody", false},
		{"github", "X-Hub-Signature-256:" SIGNED "0", "It's a Secret to Everybody", false},
		{"github", "X-Hub-Signature-256:sha256=", "It's a Secret to Everybody", false},
		{"github", "X-Hub-Signature-256:sha1=" SHORT, "It's a Secret to Everybody", false},
		{"github", "X-Hub-Signature:" SIGNED, "It's a Secret to Everybody", false},
		{"github", "Authorization:It's a Secret to Everybody", "It's a Secret to Everybody",
		 false},
		{"github", "X-Hub-Signature-256:" SIGNED, "", false},
		{"nexus", "", "word", false},
		{"nexus", "X-Nexus-Webhook-Signature:", "word", false},
		{"nexus", "X-Nexus-Webhook-Signature:" SHORT, "word", false},
	};
	(void)state;
	for (size_t i = 0; i < array_count(cases); i++) {
		const struct event_message message = {.body = STR("Hello, World!"),
						      .header = fixture_header,
						      .ctx = cases[i].headers};
		const struct event_kind *kind = events_find(str_of(cases[i].kind));
		if (kind->proves(&message, str_of(cases[i].secret)) != cases[i].proved)
			fail_msg("%s: %s", cases[i].headers, cases[i].secret);
	}
	assert_null(events_find(STR("dockerhub"))->proves);
	assert_null(events_find(STR("aliyun"))->proves);
}

/* RFC 2202, case 2; the digits may be in either case. */
static void test_nexus_signature(void **state)
{
	static const char *const signatures[] = {"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
						 "EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79"};
	(void)state;
	for (size_t i = 0; i < array_count(signatures); i++) {
		char headers[128];
		snprintf(headers, sizeof(headers), "x-nexus-webhook-signature:%s", signatures[i]);
		struct event_message message = {.body = STR("what do ya want for nothing?"),
						.header = fixture_header,
						.ctx = headers};
		const struct event_kind *nexus = events_find(STR("nexus"));
		assert_true(nexus->proves(&message, STR("Jefe")));
		assert_false(nexus->proves(&message, STR("jefe")));
		assert_false(nexus->proves(&message, STR("")));
		message.body.len--;
		assert_false(nexus->proves(&message, STR("Jefe")));
	}
}

static const char *long_header(const void *ctx, const char *name)
{
	(void)name;
	return ctx;
}

/* A header of some KB is not looked at. */
static void test_long_header(void **state)
{
	char text[4098];
	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < 2; i++) {
		const struct event_message message = {.header = long_header, .ctx = text + i};
		struct str secret = str_of(text + i);
		assert_int_equal(events_find(STR("harbor"))->proves(&message, secret), i == 1);
		assert_int_equal(events_find(STR("gitlab"))->proves(&message, secret), i == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_clean_quotes),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_nexus_signature),
		cmocka_unit_test(test_long_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
