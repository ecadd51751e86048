/*
 * The only file that knows PCRE2. Its objects are allocated from the arena and never freed singly;
 * only what a match needs while it runs comes from the heap.
 *
 * PCRE2 backtracks where Go does not: (a+)+$ takes time exponential in the length of the subject.
 * The limits end that after some milliseconds, with an error, because "no match" would be a lie.
 */
#include "plan/pattern.h"

#include "plan/pattern_syntax.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 10000, HEAP_LIMIT_KIB = 8192, QUOTE_MAX = 100 };

struct pattern {
	const char *text;
	pcre2_code *code;
	pcre2_match_context *limits;
};

static void *allocate(PCRE2_SIZE size, void *arena)
{
	return arena_alloc(arena, size);
}

static void keep(void *memory, void *arena)
{
	(void)memory;
	(void)arena;
}

static void end_match(pcre2_match_data **data)
{
	pcre2_match_data_free(*data);
}

static bool wrap(struct str text, struct error *err)
{
	return error_wrap(err, "pattern /%.*s%s/", STR_ARGS(str_head(text, QUOTE_MAX)),
			  text.len > QUOTE_MAX ? "..." : "");
}

/* Compiles translated, a string of PCRE2. */
static bool compile(struct pattern *pattern, const struct buf *translated,
		    pcre2_general_context *memory, struct error *err)
{
	int code = 0;
	PCRE2_SIZE offset = 0;
	PCRE2_UCHAR text[256] = "";
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	if (!context)
		return error_memory(err);
	pattern->code = pcre2_compile((PCRE2_SPTR)buf_string(translated), translated->len,
				      PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &code,
				      &offset, context);
	if (pattern->code)
		return true;
	if (code == PCRE2_ERROR_HEAP_FAILED)
		return error_memory(err);
	pcre2_get_error_message(code, text, sizeof(text));
	return error_set(err, ERROR_CONFIG, "%s", (const char *)text);
}

static bool set_limits(struct pattern *pattern, pcre2_general_context *memory, struct error *err)
{
	pattern->limits = pcre2_match_context_create(memory);
	if (!pattern->limits)
		return error_memory(err);
	pcre2_set_match_limit(pattern->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(pattern->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(pattern->limits, HEAP_LIMIT_KIB);
	return true;
}

bool pattern_parse(struct arena *arena, struct str text, const struct pattern **out,
		   struct error *err)
{
	scoped(buf_finish) struct buf translated = {0};
	struct pattern *pattern = arena_new_of(arena, struct pattern);
	pcre2_general_context *memory = pcre2_general_context_create(allocate, keep, arena);
	if (pattern)
		pattern->text = arena_copy(arena, text.at, text.len);
	if (!memory || !pattern || !pattern->text)
		return error_memory(err);
	*out = pattern;
	if (pattern_syntax_translate(text, &translated, err) && set_limits(pattern, memory, err) &&
	    compile(pattern, &translated, memory, err))
		return true;
	return err->kind == ERROR_CONFIG ? wrap(text, err) : false;
}

bool pattern_match(const struct pattern *pattern, struct str subject, bool *matched,
		   struct error *err)
{
	scoped(end_match) pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	PCRE2_UCHAR text[256] = "";
	if (!data)
		return error_memory(err);
	int result = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.at ? subject.at : ""),
				 subject.len, 0, 0, data, pattern->limits);
	*matched = result >= 0;
	if (result >= 0 || result == PCRE2_ERROR_NOMATCH)
		return true;
	if (result == PCRE2_ERROR_NOMEMORY)
		return error_memory(err);
	if (result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_DEPTHLIMIT ||
	    result == PCRE2_ERROR_HEAPLIMIT) {
		error_set(
			err, ERROR_CONFIG,
			"takes too long on \"%.*s\": use fewer repetitions, above all none inside "
			"another one as in (a+)+",
			STR_ARGS(str_head(subject, QUOTE_MAX)));
	} else {
		pcre2_get_error_message(result, text, sizeof(text));
		error_set(err, ERROR_CONFIG, "on \"%.*s\": %s",
			  STR_ARGS(str_head(subject, QUOTE_MAX)), (const char *)text);
	}
	return wrap(str_of(pattern->text), err);
}

const char *pattern_text(const struct pattern *pattern)
{
	return pattern->text;
}
