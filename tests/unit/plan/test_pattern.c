/* Patterns: what matches as in Go, what is refused, and what takes too long. */
#include "plan/pattern.h"

#include "base/buf.h"
#include "plan/pattern_syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A pattern, words that it finds and words that it does not; separated by blanks. */
static const struct {
	const char *pattern, *in, *out;
} matches[] = {
	{"", "v1 latest", ""},
	{"v1", "v1 v10 xv1y", "v2 V1"},
	{"^v1$", "v1", "v10 xv1"},
	{"^v\\d+\\.\\d+$", "v1.2 v10.20", "v1 v1.2.3 v1x2"},
	{"^[0-9]+(\\.[0-9]+){1,2}$", "1.2 1.2.3", "1 1.2.3.4"},
	{"^v{1,2}$", "v vv", "vvv"},
	{"a|b", "a xbx", "c"},
	{"^(a|b)$", "a b", "ab c"},
	{"(?i)^RC", "rc1 RC1 Rc", "xrc"},
	{"(?i:a)b", "Ab ab", "AB"},
	{"(?-i)a(?i)b|c", "ab aB C", "A b"},
	{"(?s).", "a", ""},
	{"(?m)^a$", "a", "b"},
	{"(?U)^a+$", "aaa", "b"},
	{"^a.*?b$", "ab axxb", "a"},
	{"^a??b$", "ab b", "a"},
	{"(?P<year>\\d{4})-(?<month>\\d\\d)", "2024-01", "24-01"},
	{"\\A1\\z", "1", "11"},
	{"\\brc\\b", "1-rc 1-rc-1", "1-rc1 src"},
	{"\\Brc", "src", "rc"},
	{"^\\Qa.b\\E$", "a.b", "axb"},
	{"^\\Qa.b", "a.b.c", "axb"},
	{"^\\Qab\\E+$", "ab abb", "abab"},
	{"^[[:alpha:]]+$", "latest", "v1"},
	{"^[[:^alpha:]_]+$", "1_2", "v1"},
	{"^[^[:digit:]]+$", "latest", "v1"},
	{"^[\\d.]+$", "1.2.3", "v1"},
	{"^[\\w-]+$", "a-b_c", "a.b"},
	{"^[]a]+$", "a", "b"},
	{"^[a-]+$", "a-a", "b"},
	{"^[^a-c]$", "d -", "a b"},
	{"^[.]$", ".", "a"},
	{"^\\.$", ".", "a"},
	{"^a{,2}$", "a{,2}", "a aa"},
	{"^a{$", "a{", "a"},
	{"^a{01}$", "a{01}", "a"},
	{"^a{2}$", "aa", "a aaa"},
	{"^a{2,}$", "aa aaa", "a"},
	{"^\\x61\\x{62}\\143$", "abc", "abd"},
	{"^\\_\\-\\/$", "_-/", "a"},
	{"^\\D\\S\\W$", "a--", "1--"},
	{"(?:^)*a", "a ba", "b"},
	{"^*a", "a ba", "b"},
	{"a||b", "x", ""},
	{"()", "x", ""},
	{"#a", "#a", "a"},
	{"~&", "~&", "a"},
	{"a]", "a]", "a"},
	{"a}", "a}", "a"},
};

static bool parse(struct arena *arena, const char *text, const struct pattern **out,
		  struct error *err)
{
	*err = (struct error){0};
	return pattern_parse(arena, str_of(text), out, err);
}

static void check_words(const char *text, const char *words, bool expected)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct pattern *pattern;
	struct error err;
	struct str word;
	if (!parse(arena, text, &pattern, &err))
		fail_msg("/%s/: %s", text, err.text);
	assert_string_equal(pattern_text(pattern), text);
	for (struct str rest = str_of(words); str_cut(&rest, ' ', &word);) {
		bool matched = !expected;
		if (word.len &&
		    (!pattern_match(pattern, word, &matched, &err) || matched != expected))
			fail_msg("/%s/ and %.*s: %d %s", text, STR_ARGS(word), matched, err.text);
	}
}

static void test_matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(matches); i++) {
		check_words(matches[i].pattern, matches[i].in, true);
		check_words(matches[i].pattern, matches[i].out, false);
	}
}

static const struct {
	const char *pattern, *error;
} mistakes[] = {
	{"(", "missing closing ): `(` at character 1"},
	{"a(b(c)", "missing closing ): `(` at character 2"},
	{"a)", "unexpected ): `)` at character 2"},
	{"a[b", "missing closing ]: `[` at character 2"},
	{"[]", "missing closing ]"},
	{"[^]", "missing closing ]"},
	{"[a-", "missing closing ]"},
	{"[z-a]", "invalid range in a class: `z-a` at character 2"},
	{"[a-\\d]", "unknown escape sequence: `\\d`"},
	{"[[:letter:]]", "unknown class: `[:letter:]` at character 2"},
	{"[\\b]", "unknown escape sequence: `\\b`"},
	{"*", "there is nothing to repeat: `*` at character 1"},
	{"a|+", "there is nothing to repeat: `+` at character 3"},
	{"(?)", NULL},
	{"a**", "a repetition cannot be repeated"},
	{"a*+", "a repetition cannot be repeated (no possessive repetition either): `+` at "
		"character 3"},
	{"a{2}{3}", "a repetition cannot be repeated"},
	{"a{2}?", NULL},
	{"a*??", "a repetition cannot be repeated"},
	{"a{1001}", "invalid repeat count"},
	{"a{3,2}", "invalid repeat count"},
	{"a{99999999999}", "invalid repeat count"},
	{"v(?=x)", "look-ahead is not supported: `(?=` at character 2"},
	{"v(?!x)", "look-ahead is not supported: `(?!`"},
	{"(?<=x)v", "look-behind is not supported: `(?<=`"},
	{"(?<!x)v", "look-behind is not supported: `(?<!`"},
	{"(?>a)", "atomic groups are not supported"},
	{"(?|a)", "groups that reset numbers are not supported"},
	{"(a)\\1", "back-references are not supported: `\\1` at character 4"},
	{"(?P<a>b)(?P=a)", "back-references are not supported: `(?P=`"},
	{"\\k<a>", "back-references are not supported"},
	{"\\g1", "back-references are not supported"},
	{"(?R)", "recursion is not supported"},
	{"(?1)", "recursion is not supported"},
	{"(?&a)", "recursion is not supported"},
	{"(?P>a)", "recursion is not supported"},
	{"(?(1)a)", "conditions are not supported"},
	{"(?#a)", "comments are not supported"},
	{"(?C1)", "callouts are not supported"},
	{"(*FAIL)", "verbs are not supported: `(*` at character 1"},
	{"(*UTF)a", "verbs are not supported"},
	{"\\C", "not supported: `\\C`"},
	{"a\\Kb", "not supported: `\\K` at character 2"},
	{"\\R", "not supported: `\\R`"},
	{"\\pN", "Unicode classes are not supported: tags are ASCII"},
	{"\\P{Greek}", "Unicode classes are not supported"},
	{"[\\pL]", "Unicode classes are not supported"},
	{"\\Z", "unknown escape sequence: `\\Z`"},
	{"\\e", "unknown escape sequence"},
	{"\\E", "unknown escape sequence"},
	{"a\\", "trailing backslash at the end"},
	{"\\x6", "write two hexadecimal digits behind \\x"},
	{"\\x{}", "write two hexadecimal digits behind \\x"},
	{"\\x{61", "write two hexadecimal digits behind \\x"},
	{"\\x{100}", "only ASCII is allowed"},
	{"\\377", "only ASCII is allowed"},
	{"(?x)a", "unknown kind of group (flags are i, m, s and U): `(?x`"},
	{"(?i-)a", "unknown kind of group"},
	{"(?--i)a", "unknown kind of group"},
	{"(?i", "unknown kind of group"},
	{"(?", "unknown kind of group"},
	{"(?P<>a)", "invalid name of a group"},
	{"(?P<a-b>a)", "invalid name of a group"},
	{"(?P<a", "invalid name of a group"},
	{"caf\xc3\xa9", "only printable ASCII is allowed, as in tags (at character 4)"},
	{"a\nb", "only printable ASCII is allowed"},
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_count(mistakes); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const struct pattern *pattern;
		struct error err;
		bool good = parse(arena, mistakes[i].pattern, &pattern, &err);
		if (good != !mistakes[i].error)
			fail_msg("/%s/: %s", mistakes[i].pattern, err.text);
		if (good)
			continue;
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_int_equal(strncmp(err.text, "pattern /", 9), 0);
		if (!strstr(err.text, mistakes[i].error))
			fail_msg("/%s/: %s", mistakes[i].pattern, err.text);
	}
}

/* Exponential for a machine that backtracks: an error, and soon, never "no match". */
static void test_runaway(void **state)
{
	static const char *const patterns[] = {"(a+)+$", "(a|aa)+$", "(a*)*$",
					       "(.*)(.*)(.*)(.*)[xy]",
					       "^(([a-z])+.)+[A-Z]([a-z])+$"};
	char subject[121];
	(void)state;
	memset(subject, 'a', sizeof(subject) - 2);
	memcpy(subject + sizeof(subject) - 2, "_", 2);
	for (size_t i = 0; i < array_count(patterns); i++) {
		scoped(arena_free) struct arena *arena = arena_new();
		const struct pattern *pattern;
		struct error err;
		bool matched;
		assert_true(parse(arena, patterns[i], &pattern, &err));
		if (pattern_match(pattern, str_of(subject), &matched, &err))
			fail_msg("/%s/ came to an end", patterns[i]);
		assert_int_equal(err.kind, ERROR_CONFIG);
		assert_non_null(strstr(err.text, "takes too long on \"aaaa"));
		assert_true(pattern_match(pattern, STR("latest"), &matched, &err));
	}
}

/* Large ones are refused or work, but do not eat the machine. */
static void test_large(void **state)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	const struct pattern *pattern;
	struct error err;
	(void)state;
	assert_false(parse(arena, "((a{1000}){1000}){1000}", &pattern, &err));
	assert_non_null(strstr(err.text, "too large"));
	for (int i = 0; i <= PATTERN_SYNTAX_DEPTH_MAX; i++)
		buf_add_char(&text, '(');
	assert_false(parse(arena, buf_string(&text), &pattern, &err));
	assert_non_null(strstr(err.text, "too many nested groups"));
	buf_reset(&text);
	for (int i = 0; i < PATTERN_SYNTAX_DEPTH_MAX; i++)
		buf_add_char(&text, '(');
	for (int i = 0; i < PATTERN_SYNTAX_DEPTH_MAX; i++)
		buf_add_char(&text, ')');
	assert_true(parse(arena, buf_string(&text), &pattern, &err));
	buf_reset(&text);
	while (text.len <= PATTERN_SYNTAX_MAX)
		buf_add_string(&text, "v1|");
	assert_false(parse(arena, buf_string(&text), &pattern, &err));
	assert_non_null(strstr(err.text, "longer than 16384 characters"));
	text.at[text.len - 10] = '\0';
	assert_true(parse(arena, text.at, &pattern, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_runaway),
		cmocka_unit_test(test_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
