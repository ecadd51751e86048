/*
 * Slack's incoming webhooks, and what others have in the same form. Slack cuts a text after 40,000
 * characters; &, < and > are the only ones with a meaning once its markup is off.
 */
#include "doc/json_writer.h"
#include "notify/message.h"
#include "notify/post.h"

enum { CHARACTERS_MAX = 40000 };

static void escape(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c == '&')
			buf_add_string(out, "&amp;");
		else if (c == '<')
			buf_add_string(out, "&lt;");
		else if (c == '>')
			buf_add_string(out, "&gt;");
		else
			buf_add_char(out, c);
	}
}

bool slack_send(const struct channel *channel, struct error *err)
{
	scoped(buf_finish) struct buf escaped = {0};
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf body = {0};
	struct json_writer json = {.out = &body, .compact = true};
	escape(channel->text, &escaped);
	message_cut(buf_str(&escaped), CHARACTERS_MAX, message_characters, channel->report, &text);
	json_writer_open_object(&json);
	json_writer_name(&json, "text");
	json_writer_string(&json, buf_string(&text));
	json_writer_name(&json, "mrkdwn");
	json_writer_bool(&json, false);
	json_writer_close_object(&json);
	if (!buf_ok(&escaped) || !buf_ok(&text) || !buf_ok(&body))
		return error_memory(err);
	const struct post post = {.method = "POST",
				  .url = &channel->target->url,
				  .body = buf_str(&body),
				  .judge = post_status};
	return post_send(channel, &post, err);
}
