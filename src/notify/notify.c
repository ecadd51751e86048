/*
 * Messages come last: files and summary of the run are complete by then, whatever happens here. A
 * run that was stopped has somebody to tell as well, so messages have a request of their own to
 * stop (base/cancel.h).
 */
#include "notify/notify.h"

#include "base/cancel.h"
#include "base/log.h"
#include "notify/channel.h"
#include "notify/message.h"
#include "report/levels.h"
#include "report/report_json.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SECONDS_MAX = 90 };

static channel_send *const kinds[NOTIFY_KINDS] = {
	[NOTIFY_TELEGRAM] = telegram_send,   [NOTIFY_SLACK] = slack_send,
	[NOTIFY_DINGTALK] = dingtalk_send,   [NOTIFY_FEISHU] = feishu_send,
	[NOTIFY_WECOM] = wecom_send,         [NOTIFY_WEBHOOK] = webhook_send,
	[NOTIFY_HEARTBEAT] = heartbeat_send,
};

struct messages {
	const struct notify_run *run;
	struct buf json;
	atomic_bool missed; /* a message that is required was not delivered */
};

static void messages_finish(struct messages *messages)
{
	buf_finish(&messages->json);
}

bool notify_wants_report(const struct notify_list *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->items[i].kind == NOTIFY_WEBHOOK)
			return true;
	return false;
}

static bool is_due(const struct notify_run *run, const struct notify_target *target)
{
	if (target->kind == NOTIFY_HEARTBEAT)
		return !run->code && !run->tally->dry_run;
	if (target->when == NOTIFY_ALWAYS)
		return true;
	if (run->tally->dry_run)
		return false;
	if (run->repeated)
		return false;
	return run->code || run->recovered || (target->when == NOTIFY_CHANGE && run->tally->copied);
}

static void write_text(const struct notify_run *run, const struct notify_target *target,
		       struct buf *out)
{
	const char *title = target->title ? target->title : "image-syncer";
	const struct levels levels = {target->level, title};
	if (target->level)
		levels_write(run->tally, &levels, out);
	else
		message_write(run->tally, title, run->code != 0, out);
}

static bool send_to(struct messages *messages, const struct notify_target *target,
		    struct error *err)
{
	const struct notify_run *run = messages->run;
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf text = {0};
	write_text(run, target, &text);
	bool whole = target->kind != NOTIFY_WEBHOOK || buf_ok(&messages->json);
	if (!arena || !buf_ok(&text) || !whole)
		return error_memory(err);
	const struct channel channel = {.arena = arena,
					.http = run->http,
					.target = target,
					.text = buf_str(&text),
					.json = buf_str(&messages->json),
					.report = run->report};
	return kinds[target->kind](&channel, err);
}

static void deliver(void *ctx, size_t number)
{
	struct messages *messages = ctx;
	struct error err = {0};
	const struct notify_target *target = &messages->run->targets->items[number];
	const char *name = notify_target_names[target->kind];
	if (!is_due(messages->run, target))
		return;
	if (send_to(messages, target, &err)) {
		log_info("notify %s: %s has the message", name, target->url.host);
		return;
	}
	const char *why = cancel_reason() == CANCEL_TIME ? "no time is left" : err.text;
	if (!target->required) {
		log_warn("notify %s: not delivered: %s", name, why);
		return;
	}
	log_error("notify %s: not delivered, which is required: %s", name, why);
	atomic_store(&messages->missed, true);
}

static bool take_piece(void *ctx, struct str piece, struct error *err)
{
	struct buf *out = ctx;
	buf_add_str(out, piece);
	return buf_ok(out) || error_memory(err);
}

int notify_send(const struct notify_run *run)
{
	scoped(messages_finish) struct messages messages = {.run = run};
	scoped(cancel_close) struct cancel cancel = {0};
	struct error err;
	if (!run->targets->count)
		return run->code;
	if (notify_wants_report(run->targets) &&
	    !report_json_write(run->tally, take_piece, &messages.json, &err))
		messages.json.failed = true;
	cancel_open_after(&cancel, SECONDS_MAX);
	cancel_enter(&cancel);
	/* A server that the run gave up may be the target's, too. */
	http_forgive(run->http);
	pool_each(run->pool, run->targets->count, deliver, &messages);
	return !run->code && atomic_load(&messages.missed) ? EXIT_FAILURE : run->code;
}
