/*
 * A custom robot of DingTalk (钉钉). A request may have 20,000 bytes, of which the text, as it is in
 * JSON, gets nearly all. It answers 200 with a code. A robot that was used 20 times in a minute is
 * silenced for ten, which nobody waits for here.
 */
#include "notify/dingtalk.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/percent.h"
#include "doc/json_writer.h"
#include "net/hmac.h"
#include "notify/message.h"
#include "notify/post.h"

enum { BYTES_MAX = 19000 };

void dingtalk_sign(const char *secret, int64_t unix_ms, struct buf *out)
{
	char mac[HMAC_SIZE];
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf coded = {0};
	buf_printf(&text, "%lld\n%s", (long long)unix_ms, secret);
	hmac_sha256(str_of(secret), buf_str(&text), mac);
	base64_encode((struct str){mac, sizeof(mac)}, &coded);
	buf_printf(out, "timestamp=%lld&sign=", (long long)unix_ms);
	percent_encode(buf_str(&coded), out);
	out->failed |= !buf_ok(&text) || !buf_ok(&coded);
}

/* -1: the system is busy. */
static bool judge(struct arena *arena, const struct http_answer *answer, struct error *err)
{
	static const struct post_words words = {"errcode", "errmsg", {"-1"}};
	return post_code(arena, answer, &words, err);
}

/* The target's address, signed if there is a secret. */
static bool address(const struct channel *channel, struct url *out, struct error *err)
{
	const struct url *url = &channel->target->url;
	scoped(buf_finish) struct buf text = {0};
	*out = *url;
	if (!channel->target->secret)
		return true;
	buf_add_string(&text, url->text);
	buf_add_char(&text, str_find(str_of(url->text), '?') < text.len ? '&' : '?');
	dingtalk_sign(channel->target->secret, clock_unix() * 1000, &text);
	return buf_ok(&text) ? url_parse(channel->arena, buf_string(&text), out, err)
			     : error_memory(err);
}

bool dingtalk_send(const struct channel *channel, struct error *err)
{
	struct url url;
	scoped(buf_finish) struct buf text = {0};
	scoped(buf_finish) struct buf body = {0};
	struct json_writer json = {.out = &body, .compact = true};
	message_cut(channel->text, BYTES_MAX, message_json, channel->report, &text);
	json_writer_open_object(&json);
	post_write_text(&json, (struct post_names){"msgtype", "text", "content"},
			buf_string(&text));
	json_writer_close_object(&json);
	if (!buf_ok(&text) || !buf_ok(&body))
		return error_memory(err);
	if (!address(channel, &url, err))
		return false;
	const struct post post = {
		.method = "POST", .url = &url, .body = buf_str(&body), .judge = judge};
	return post_send(channel, &post, err);
}
