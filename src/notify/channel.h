/*
 * One message on its way to one target: what the files of the kinds are given.
 *
 * Each kind has a function like slack_send(): it puts the message into the form of its service and
 * sends it with post.h. They differ in little else.
 */
#pragma once

#include "config/notify/notify_target.h"
#include "net/http.h"

struct channel {
	struct arena *arena; /* for this message alone */
	struct http *http;
	const struct notify_target *target;
	struct str text;    /* the message, see message.h */
	struct str json;    /* the report, for a webhook */
	const char *report; /* the file that has it; NULL: none */
};

typedef bool channel_send(const struct channel *channel, struct error *err);

channel_send telegram_send;
channel_send slack_send;
channel_send dingtalk_send;
channel_send feishu_send;
channel_send wecom_send;
channel_send webhook_send;
channel_send heartbeat_send;
