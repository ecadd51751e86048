/*
 * Registries disagree on statuses, and load balancers answer in HTML. The status decides the kind,
 * a few well-known codes refine it, and a body that cannot be parsed is quoted briefly.
 *
 * Registries use the same statuses to limit requests and to refuse them for good. So the words
 * decide: a limit names a rate or a time; "quota exceeded" alone means the quota of a disk.
 */
#include "registry/answer.h"

#include "base/clock.h"
#include "base/secret.h"
#include "doc/html.h"
#include "doc/json.h"
#include "net/rate_limit.h"
#include "net/retry_after.h"
#include "net/tls_failure.h"
#include "registry/wording.h"

#include <stdio.h>
#include <string.h>

static enum error_kind kind_of_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERROR_DENIED;
	case 404:
		return ERROR_MISSING;
	case 408:
	case 425: /* too early */
	case 499:
		return ERROR_UNAVAILABLE;
	case 407: /* from a proxy */
		return ERROR_CONFIG;
	case 412:
		return ERROR_IMMUTABLE;
	case 405:
	case 501:
	case 505: /* this version of HTTP */
	case 506:
	case 508: /* a loop */
	case 510:
	case 511: /* a network that requires a login of its own */
	case 526: /* a bad certificate of the server behind a proxy */
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

/* Appends the beginning of a body that is no JSON, without HTML tags. */
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

/* Appends the title of a page, or the beginning of any other text. */
static void quote_body(const struct http_answer *answer, struct str body, struct buf *out)
{
	scoped(buf_finish) struct buf title = {0};
	if (html_is_page(http_header(answer, "Content-Type"), body))
		html_title(body, &title);
	if (title.len)
		buf_printf(out, "(page \"%.80s\")", buf_string(&title));
	else
		quote_text(body, out);
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
		{"TAG_IMMUTABLE", ERROR_IMMUTABLE},
		{"quota", ERROR_FULL},
		{"quota_exceeded", ERROR_FULL},
		{"exceed the configured upper limit", ERROR_FULL}, /* Harbor */
	};
	int status = err->http_status;
	/* This code alone decides whatever the status. */
	if (wording_has(words, "PAGINATION_NUMBER_INVALID"))
		err->kind = ERROR_REJECTED;
	if (status < 400 || status >= 500 || status == 401 || status == 404)
		return;
	for (size_t i = 0; words.at && i < array_count(table); i++)
		if (wording_has(words, table[i].word))
			err->kind = table[i].kind;
}

static bool says_limit(struct str text)
{
	static const char *const words[] = {
		"too many requests", "too_many_requests*", "toomanyrequest*", "rate limit*",
		"rate_limit*",       "ratelimit*",         "rate-limited",    "rate-limiting",
		"rate exceeded",     "request rate*",      "request limit*",  "requests per",
		"per minute",        "per second",         "per hour",        "abuse detection",
		"throttl*",          "slow down",          "slowdown",        "retry-after",
		"retry after",
	};
	for (size_t i = 0; i < array_count(words); i++)
		if (wording_has(text, words[i]))
			return true;
	return false;
}

static bool body_says_limit(const struct http_answer *answer)
{
	struct str body = buf_str(&answer->body);
	scoped(buf_finish) struct buf text = {0};
	if (says_limit(http_header(answer, "x-amzn-errortype")))
		return true;
	if (wording_of_json(body, &text))
		return says_limit(buf_str(&text));
	if (!html_is_page(http_header(answer, "Content-Type"), body))
		return says_limit(body);
	html_text(body, &text);
	return says_limit(buf_str(&text));
}

bool answer_limited(const struct http_answer *answer)
{
	bool asks = http_header(answer, "Retry-After").len > 0;
	switch (answer->status) {
	case 420: /* "Enhance your calm" */
	case 429:
	case 509: /* bandwidth */
	case 529: /* overloaded */
		return true;
	case 403:
	case 503:
		return asks || rate_limit_used_up(answer) || body_says_limit(answer);
	case 400:
	case 500:
	case 502:
		return body_says_limit(answer);
	default:
		return false;
	}
}

/* Appends the target of a redirect that was not followed, without the query: it may be secret. */
static void quote_location(const struct http_answer *answer, struct buf *out)
{
	struct str location = http_header(answer, "Location");
	if (answer->status < 300 || answer->status >= 400 || !location.len)
		return;
	location = str_head(location, str_find(location, '?'));
	buf_printf(out, "%sto %.*s", out->len ? " " : "", STR_ARGS(str_head(location, 120)));
}

/*
 * True when a server refuses us for want of a client certificate, or for the one it was given, by a
 * page instead of an alert: nginx does, by statuses that it may send as 400.
 */
static bool refuses_certificate(int status, struct str words)
{
	return status == 495 || status == 496 ||
	       (status == 400 && (wording_has(words, "No required SSL certificate was sent") ||
				  wording_has(words, "The SSL certificate error")));
}

/* Appends what can be done about that. */
static void explain_certificate(const char *host, struct error *err)
{
	const struct tls_failure failure = {.reason = TLS_REASON_NO_CLIENT_CERTIFICATE,
					    .peer = host};
	char text[TLS_FAILURE_SIZE];
	size_t len = strlen(err->text);
	err->kind = ERROR_TLS;
	if (tls_failure_explain(&failure, text))
		snprintf(err->text + len, sizeof(err->text) - len, ": %s", text);
}

bool answer_error(const struct http_answer *answer, struct error *err)
{
	scoped(buf_finish) struct buf quoted = {0};
	scoped(buf_finish) struct buf words = {0};
	/* Masked before anything is cut: half a secret is no longer recognised. */
	scoped(buf_finish) struct buf body = {0};
	secret_mask(buf_str(&answer->body), &body);
	if (!wording_of_json(buf_str(&answer->body), &quoted))
		quote_body(answer, buf_str(&body), &quoted);
	quote_location(answer, &quoted);
	secret_mask(buf_str(&quoted), &words);
	error_set(err, kind_of_status(answer->status), "HTTP %d%s%.300s", answer->status,
		  words.len ? " " : "", buf_string(&words));
	err->http_status = answer->status;
	if (answer_limited(answer)) {
		err->kind = ERROR_LIMITED;
		err->retry_after = rate_limit_wait(answer, clock_unix());
	} else {
		int64_t now = retry_after_clock(http_header(answer, "Date"), clock_unix());
		err->retry_after = retry_after_parse(http_header(answer, "Retry-After"), now);
		refine(err, buf_str(&words));
	}
	if (refuses_certificate(answer->status, buf_str(&words)))
		explain_certificate(answer->host, err);
	return false;
}

bool answer_no_page(const struct http_answer *answer, const char *what, struct error *err)
{
	scoped(buf_finish) struct buf title = {0};
	scoped(buf_finish) struct buf masked = {0};
	struct str body = buf_str(&answer->body);
	if (!html_is_page(http_header(answer, "Content-Type"), body))
		return true;
	html_title(body, &title);
	secret_mask(buf_str(&title), &masked);
	return error_set(err, ERROR_CORRUPT,
			 "%s sent a page%s%.80s%s where %s was expected (HTTP %d): is this the "
			 "registry's address and port, or does a proxy or a login form answer?",
			 answer->host, masked.len ? " \"" : "", buf_string(&masked),
			 masked.len ? "\"" : "", what, answer->status);
}

/* True when text begins as JSON does. */
static bool begins_as_json(struct str text)
{
	while (text.len && (unsigned char)text.at[0] <= ' ')
		text = str_from(text, 1);
	return text.len && strchr("{[\"-0123456789", text.at[0]);
}

bool answer_json(struct arena *arena, const struct http_answer *answer, const char *what,
		 const struct node **out, struct error *err)
{
	struct error why;
	scoped(buf_finish) struct buf masked = {0};
	scoped(buf_finish) struct buf quoted = {0};
	struct str body = buf_str(&answer->body);
	if (!answer_no_page(answer, what, err))
		return false;
	if (json_read_foreign(arena, body, out, &why))
		return true;
	if (why.kind == ERROR_MEMORY)
		return error_memory(err);
	if (begins_as_json(body))
		return error_set(err, ERROR_CORRUPT,
				 "%s was expected, but %s sent broken JSON (%s)", what,
				 answer->host, why.text);
	secret_mask(body, &masked);
	quote_text(buf_str(&masked), &quoted);
	return error_set(err, ERROR_CORRUPT, "%s was expected, but %s sent no JSON%s%s%s", what,
			 answer->host, quoted.len ? ": \"" : "", buf_string(&quoted),
			 quoted.len ? "\"" : "");
}
