/*
 * A group's robot of WeCom (企业微信). A text may have 2,048 bytes; its markdown could be longer,
 * but would show names of images as emphasis. It answers 200 with a code.
 */
#include "doc/json_writer.h"
#include "notify/message.h"
#include "notify/post.h"

enum { BYTES_MAX = 2048 };

/* -1: the system is busy. */
static bool judge(struct arena *arena, const struct http_answer *answer, struct error *err)
{
	static const struct post_words words = {"errcode", "errmsg", {"-1"}};
	return post_code(arena, answer, &words, err);
}

bool wecom_send(const struct channel *channel, struct error *err)
{
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf body = {0};
	struct json_writer json = {.out = &body, .compact = true};
	message_cut(channel->text, BYTES_MAX, message_bytes, channel->report, &text);
	json_writer_open_object(&json);
	post_write_text(&json, (struct post_names){"msgtype", "text", "content"},
			buf_string(&text));
	json_writer_close_object(&json);
	if (!buf_ok(&text) || !buf_ok(&body))
		return error_memory(err);
	const struct post post = {.method = "POST",
				  .url = &channel->target->url,
				  .body = buf_str(&body),
				  .judge = judge};
	return post_send(channel, &post, err);
}
