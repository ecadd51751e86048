/* One snapshot serves the page, the status and the metrics, so that they agree. */
#include "serve/telling.h"

#include "serve/metrics.h"
#include "serve/page.h"
#include "serve/status.h"

enum { ENTRIES_SHOWN = 1000 };

static bool describe(const struct asking *asking, struct state *out)
{
	const struct hooks_options *options = &asking->hooks->options;
	struct arena *arena = asking_arena(asking);
	if (!options->describe(options->ctx, arena, out))
		return false;
	queue_figures(options->queue, &out->queue);
	hooks_count(asking->hooks, &out->counters);
	out->stopping = atomic_load(&asking->hooks->stopping);
	out->ready = !out->stopping && out->queue.writable;
	return queue_list(options->queue, ENTRIES_SHOWN, arena, &out->entries, &out->entry_count);
}

static void answer_state(const struct asking *asking, const char *type,
			 void (*write)(const struct state *state, struct buf *out))
{
	scoped(buf_finish) struct buf body = {0};
	struct state state = {0};
	if (!describe(asking, &state)) {
		asking_answer_later(asking, "out of memory");
		return;
	}
	write(&state, &body);
	if (buf_ok(&body))
		asking_answer(asking, 200, type, buf_str(&body));
	else
		asking_answer_later(asking, "out of memory");
}

void telling_status(const struct asking *asking)
{
	answer_state(asking, asking_json, status_write);
}

void telling_metrics(const struct asking *asking)
{
	answer_state(asking, METRICS_TYPE, metrics_write);
}

void telling_page(const struct asking *asking)
{
	const struct listener_header policies[] = {
		{"Content-Security-Policy", page_policy},
		{"Referrer-Policy", "no-referrer"},
	};
	const struct listener_answer given = {.status = 200,
					      .type = "text/html; charset=utf-8",
					      .body = {page_html, page_length},
					      .constant = true,
					      .headers = policies,
					      .header_count = array_count(policies)};
	listener_answer(asking->request, &given);
}

void telling_health(const struct asking *asking)
{
	asking_answer(asking, 200, asking_text, STR("ok\n"));
}

void telling_readiness(const struct asking *asking)
{
	struct queue_figures figures;
	queue_figures(asking->hooks->options.queue, &figures);
	bool ready = figures.writable && !atomic_load(&asking->hooks->stopping);
	asking_answer(asking, ready ? 200 : 503, asking_text,
		      ready ? STR("ready\n") : STR("not ready\n"));
}
