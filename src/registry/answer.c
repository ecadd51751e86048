/*
 * Registries disagree on statuses, load balancers answer in HTML: the status decides the kind, a
 * few well-known codes refine it, and what cannot be parsed is quoted shortly.
 */
#include "registry/answer.h"

#include "base/clock.h"
#include "base/secret.h"
#include "doc/json.h"
#include "net/retry_after.h"

#include <string.h>

enum {
	QUOTED_MAX = 200,
	UNREADABLE = 0x7f, /* what json_blank.h puts for bytes that are no text */
};

static enum error_kind kind_of_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERROR_DENIED;
	case 404:
		return ERROR_MISSING;
	case 408:
	case 499:
		return ERROR_UNAVAILABLE;
	case 429:
		return ERROR_LIMITED;
	case 412:
		return ERROR_IMMUTABLE;
	case 501:
	case 405:
		return ERROR_UNSUPPORTED;
	case 507:
		return ERROR_FULL;
	default:
		return status >= 500 ? ERROR_UNAVAILABLE : ERROR_REJECTED;
	}
}

/* The list of error objects of the body, or NULL. */
static const struct node *error_list(struct arena *arena, const struct http_answer *answer)
{
	struct error ignored;
	const struct node *root = NULL;
	if (!json_read_foreign(arena, buf_str(&answer->body), &root, &ignored))
		return NULL;
	const struct node *list = node_get(root, "errors");
	return list && list->kind == NODE_LIST ? list : NULL;
}

bool answer_has_code(const struct http_answer *answer, const char *code)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const struct node *list = arena ? error_list(arena, answer) : NULL;
	for (size_t i = 0; list && i < list->count; i++)
		if (str_is(node_string(node_get(list->items[i], "code")), code))
			return true;
	return false;
}

static void quote_list(const struct node *list, struct buf *out)
{
	for (size_t i = 0; i < list->count && out->len < QUOTED_MAX; i++) {
		struct str code = node_string(node_get(list->items[i], "code"));
		struct str message = node_string(node_get(list->items[i], "message"));
		buf_printf(out, "%s%.*s%s%.*s", i ? "; " : "", STR_ARGS(code),
			   code.len && message.len ? ": " : "", STR_ARGS(message));
	}
	for (size_t i = 0; i < out->len; i++)
		if (out->at[i] == UNREADABLE)
			out->at[i] = '?';
}

/* A body that is no JSON: its first line, without the tags of an HTML page. */
static void quote_text(struct str body, struct buf *out)
{
	bool tag = false;
	for (size_t i = 0; i < body.len && out->len < 80; i++) {
		char c = body.at[i];
		if (c == '<' || c == '>')
			tag = c == '<';
		else if (!tag && (unsigned char)c >= ' ')
			buf_add_char(out, c);
		else if (!tag && out->len && out->at[out->len - 1] != ' ')
			buf_add_char(out, ' ');
	}
}

/* True when the character may be a part of a name, as of a repository called "quota-tool". */
static bool is_of_name(char c)
{
	return c == '-' || c == '_' || c == '/' || (c >= '0' && c <= '9') ||
	       (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* True when text has the word, and not as a part of something longer. */
static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
		if ((at == text || !is_of_name(at[-1])) && !is_of_name(at[len]))
			return true;
	return false;
}

static void refine(struct error *err, struct str words)
{
	static const struct {
		const char *word;
		enum error_kind kind;
	} table[] = {
		{"TAG_INVALID", ERROR_IMMUTABLE},
		{"ImageTagAlreadyExists", ERROR_IMMUTABLE},
		{"ImageTagAlreadyExistsException", ERROR_IMMUTABLE},
		{"immutable", ERROR_IMMUTABLE},
		{"quota", ERROR_FULL},
		{"Quota", ERROR_FULL},
		{"exceed the configured upper limit", ERROR_FULL}, /* Harbor */
		/* Google calls its limits of requests quotas as well. */
		{"TOOMANYREQUESTS", ERROR_LIMITED},
	};
	int status = err->http_status;
	if (status < 400 || status >= 500 || status == 401 || status == 404 || status == 429)
		return;
	for (size_t i = 0; words.at && i < array_count(table); i++)
		if (has_word(words.at, table[i].word))
			err->kind = table[i].kind;
}

bool answer_error(const struct http_answer *answer, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf quoted = {0};
	scoped(buf_finish) struct buf words = {0};
	const struct node *list = arena ? error_list(arena, answer) : NULL;
	/* Masked before anything is cut: half a secret is no longer recognised. */
	scoped(buf_finish) struct buf body = {0};
	secret_mask(buf_str(&answer->body), &body);
	if (list)
		quote_list(list, &quoted);
	else
		quote_text(buf_str(&body), &quoted);
	secret_mask(buf_str(&quoted), &words);
	error_set(err, kind_of_status(answer->status), "HTTP %d%s%.300s", answer->status,
		  words.len ? " " : "", buf_string(&words));
	err->http_status = answer->status;
	int64_t now = retry_after_clock(http_header(answer, "Date"), clock_unix());
	err->retry_after = retry_after_parse(http_header(answer, "Retry-After"), now);
	refine(err, buf_str(&words));
	return false;
}
