/*
 * Telegram's sendMessage (Bot API). A fenced block of MarkdownV2 shows the text as it is; within it
 * only ` and \ have a meaning. The limit of 4,096 is for what is left after parsing, so fences and
 * escapes do not count. One message a second may go to a chat; an answer to more has retry_after,
 * the seconds to wait.
 */
#include "notify/telegram.h"

#include "base/cancel.h"
#include "doc/json.h"
#include "doc/json_writer.h"
#include "notify/message.h"
#include "notify/post.h"

enum { UNITS_MAX = 4096, MARK_MAX = sizeof("part 4 of 4\n"), PAUSE_MS = 1100 };

/* --- the text ------------------------------------------------------------------------------ */

static void escape(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '`' || text.at[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, text.at[i]);
	}
}

/* How many parts it takes, at most TELEGRAM_PARTS_MAX. */
static size_t count_parts(struct str text, size_t max)
{
	struct str part;
	size_t count = 0;
	while (count < TELEGRAM_PARTS_MAX && message_part(&text, max, message_units, &part))
		count++;
	return count;
}

size_t telegram_parts(struct str text, const char *report, struct buf parts[TELEGRAM_PARTS_MAX])
{
	/* The line end before the closing fence may count. */
	const size_t max = UNITS_MAX - MARK_MAX - 1;
	size_t count = count_parts(text, max);
	for (size_t i = 0; i < count; i++) {
		scoped(buf_finish) struct buf last = {0};
		struct str part = {0};
		if (i + 1 < count) {
			message_part(&text, max, message_units, &part);
		} else {
			message_cut(text, max, message_units, report, &last);
			part = buf_str(&last);
			parts[i].failed |= !buf_ok(&last);
		}
		if (str_ends(part, "\n"))
			part.len--;
		buf_add_string(&parts[i], "```\n");
		if (count > 1)
			buf_printf(&parts[i], "part %zu of %zu\n", i + 1, count);
		escape(part, &parts[i]);
		buf_add_string(&parts[i], "\n```");
	}
	return count;
}

/* --- sending ------------------------------------------------------------------------------- */

static bool judge(struct arena *arena, const struct http_answer *answer, struct error *err)
{
	int64_t wait = 0;
	struct error ignored;
	const struct node *root = NULL;
	if (!json_read_foreign(arena, buf_str(&answer->body), &root, &ignored))
		root = NULL;
	const struct node *ok = node_get(root, "ok");
	if (!ok || ok->kind != NODE_BOOL)
		return post_status(arena, answer, err) &&
		       post_refused(ERROR_REJECTED, answer,
				    STR("the answer is not Telegram's: check api"), err);
	if (ok->truth)
		return true;
	if (post_status(arena, answer, err))
		err->kind = ERROR_REJECTED;
	enum error_kind kind = err->kind;
	post_refused(kind, answer, node_string(node_get(root, "description")), err);
	const struct node *parameters = node_get(root, "parameters");
	if (node_int64(node_get(parameters, "retry_after"), &wait) && wait <= INT32_MAX) {
		err->kind = ERROR_LIMITED;
		err->retry_after = (int)wait;
	}
	return false;
}

static bool send_part(const struct channel *channel, const struct buf *text, struct error *err)
{
	scoped(buf_finish) struct buf body = {0};
	struct json_writer json = {.out = &body, .compact = true};
	json_writer_open_object(&json);
	json_writer_name(&json, "chat_id");
	json_writer_string(&json, channel->target->chat);
	json_writer_name(&json, "text");
	json_writer_string(&json, buf_string(text));
	json_writer_name(&json, "parse_mode");
	json_writer_string(&json, "MarkdownV2");
	json_writer_close_object(&json);
	if (!buf_ok(text) || !buf_ok(&body))
		return error_memory(err);
	const struct post post = {.method = "POST",
				  .url = &channel->target->url,
				  .body = buf_str(&body),
				  .judge = judge};
	return post_send(channel, &post, err);
}

bool telegram_send(const struct channel *channel, struct error *err)
{
	struct buf parts[TELEGRAM_PARTS_MAX] = {{0}};
	size_t count = telegram_parts(channel->text, channel->report, parts);
	bool ok = true;
	for (size_t i = 0; i < count; i++) {
		ok = ok && (!i || cancel_sleep(PAUSE_MS) || error_canceled(err)) &&
		     send_part(channel, &parts[i], err);
		buf_finish(&parts[i]);
	}
	return ok;
}
