/*
 * A custom bot of Feishu (飞书) or Lark. A request may have 20 KiB, of which the text, as it is in
 * JSON, gets nearly all. It answers 200 with a code. What is signed is the empty text, with the
 * time and the secret as the key.
 *
 * A tag in a text (<at user_id="all">) calls people, and a registry may have chosen a part of this
 * text, so a < is followed by a blank.
 */
#include "notify/feishu.h"

#include "base/base64.h"
#include "base/clock.h"
#include "doc/json_writer.h"
#include "net/hmac.h"
#include "notify/message.h"
#include "notify/post.h"

enum { BYTES_MAX = 19000 };

void feishu_sign(const char *secret, int64_t unix_seconds, struct buf *out)
{
	char mac[HMAC_SIZE];
	scoped(buf_finish) struct buf key = {0};
	buf_printf(&key, "%lld\n%s", (long long)unix_seconds, secret);
	hmac_sha256(buf_str(&key), STR(""), mac);
	base64_encode((struct str){mac, sizeof(mac)}, out);
	out->failed |= !buf_ok(&key);
}

/* 11232: too many requests. */
static bool judge(struct arena *arena, const struct http_answer *answer, struct error *err)
{
	static const struct post_words words = {"code", "msg", {"11232"}};
	return post_code(arena, answer, &words, err);
}

static void add_signature(struct json_writer *json, const char *secret, struct buf *out)
{
	char stamp[24];
	int64_t now = clock_unix();
	scoped(buf_finish) struct buf sign = {0};
	feishu_sign(secret, now, &sign);
	snprintf(stamp, sizeof(stamp), "%lld", (long long)now);
	json_writer_name(json, "timestamp");
	json_writer_string(json, stamp);
	json_writer_name(json, "sign");
	json_writer_string(json, buf_string(&sign));
	out->failed |= !buf_ok(&sign);
}

static void disarm(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		buf_add_char(out, text.at[i]);
		if (text.at[i] == '<')
			buf_add_char(out, ' ');
	}
}

bool feishu_send(const struct channel *channel, struct error *err)
{
	scoped(buf_finish) struct buf plain = {0};
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf body = {0};
	struct json_writer json = {.out = &body, .compact = true};
	disarm(channel->text, &plain);
	message_cut(buf_str(&plain), BYTES_MAX, message_json, channel->report, &text);
	json_writer_open_object(&json);
	if (channel->target->secret)
		add_signature(&json, channel->target->secret, &body);
	post_write_text(&json, (struct post_names){"msg_type", "content", "text"},
			buf_string(&text));
	json_writer_close_object(&json);
	if (!buf_ok(&plain) || !buf_ok(&text) || !buf_ok(&body))
		return error_memory(err);
	const struct post post = {.method = "POST",
				  .url = &channel->target->url,
				  .body = buf_str(&body),
				  .judge = judge};
	return post_send(channel, &post, err);
}
