/*
 * A redirect is not followed: the address is a secret, and was given to one server only. A request
 * that got lost on its way back is repeated as well, since two messages are better than none.
 */
#include "notify/post.h"

#include "base/clock.h"
#include "base/retry.h"
#include "doc/json.h"
#include "net/rate_limit.h"

enum { ANSWER_MAX = 64 * 1024, SAID_MAX = 200, TIMEOUT_MS = 30 * 1000 };

static const struct retry_policy policy = {.attempts = 4, .base_ms = 500, .cap_ms = 60000};

static bool send_once(const struct channel *channel, const struct post *post, struct error *err)
{
	const char *const headers[] = {"Content-Type: application/json; charset=utf-8",
				       post->header};
	const struct http_request request = {.method = post->method,
					     .url = post->url,
					     .headers = headers,
					     .header_count = post->header ? 2 : 1,
					     .body = post->body,
					     .answer_max = ANSWER_MAX,
					     .discreet = true,
					     .timeout_ms = TIMEOUT_MS};
	scoped(http_answer_finish) struct http_answer answer;
	int64_t begin = clock_ms();
	if (http_send(channel->http, &request, &answer, err))
		return post->judge(channel->arena, &answer, err);
	/* A service that takes so long may have the message, and would take as long again. */
	err->exhausted |= clock_ms() - begin >= TIMEOUT_MS;
	return false;
}

bool post_send(const struct channel *channel, const struct post *post, struct error *err)
{
	for (unsigned attempt = 0;; attempt++) {
		if (send_once(channel, post, err))
			return true;
		if (!retry_wait(&policy, attempt, err))
			return false;
	}
}

bool post_refused(enum error_kind kind, const struct http_answer *answer, struct str said,
		  struct error *err)
{
	said = str_trim(said);
	bool cut = said.len > SAID_MAX;
	said = str_head(said, SAID_MAX);
	error_set(err, kind, "%s: HTTP %d%s%.*s%s", answer->host, answer->status,
		  said.len ? ": " : "", STR_ARGS(said), cut ? "..." : "");
	err->http_status = answer->status;
	err->retry_after = rate_limit_wait(answer, clock_unix());
	return false;
}

void post_write_text(struct json_writer *json, struct post_names names, const char *text)
{
	json_writer_name(json, names.kind);
	json_writer_string(json, "text");
	json_writer_name(json, names.content);
	json_writer_open_object(json);
	json_writer_name(json, names.text);
	json_writer_string(json, text);
	json_writer_close_object(json);
}

bool post_status(struct arena *arena, const struct http_answer *answer, struct error *err)
{
	int status = answer->status;
	(void)arena;
	if (status >= 200 && status < 300)
		return true;
	if (status >= 300 && status < 400)
		return post_refused(ERROR_REJECTED, answer,
				    STR("a redirect, which is not followed: give the address it "
					"leads to"),
				    err);
	enum error_kind kind = status == 429                    ? ERROR_LIMITED
			       : status >= 500 || status == 408 ? ERROR_UNAVAILABLE
								: ERROR_REJECTED;
	return post_refused(kind, answer, buf_str(&answer->body), err);
}

static bool is_busy(const struct post_words *words, struct str code)
{
	for (size_t i = 0; i < array_count(words->busy); i++)
		if (words->busy[i] && str_is(code, words->busy[i]))
			return true;
	return false;
}

bool post_code(struct arena *arena, const struct http_answer *answer,
	       const struct post_words *words, struct error *err)
{
	const struct node *root = NULL;
	struct error ignored;
	if (!json_read_foreign(arena, buf_str(&answer->body), &root, &ignored))
		root = NULL;
	const struct node *code = node_get(root, words->code);
	bool number = code && code->kind == NODE_NUMBER;
	if (!number && !post_status(arena, answer, err))
		return false;
	if (!number)
		return post_refused(ERROR_REJECTED, answer,
				    STR("the answer is not that of the service: check the address"),
				    err);
	if (str_is(code->text, "0"))
		return true;
	struct str said = node_string(node_get(root, words->text));
	const char *text = arena_printf(arena, "%s %.*s: %.*s", words->code, STR_ARGS(code->text),
					STR_ARGS(said));
	return post_refused(is_busy(words, code->text) ? ERROR_LIMITED : ERROR_REJECTED, answer,
			    str_of(text), err);
}
