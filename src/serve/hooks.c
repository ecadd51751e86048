/*
 * A table says which path is for what. The login is checked before the path is looked up, so that a
 * stranger cannot tell one that exists from one that does not; only the two that say whether the
 * server is well are for everybody. Events may show instead that their sender knows a secret.
 *
 * Browsers send a login that they know with requests that other pages make. So what changes
 * anything is refused to a browser that says that another page asks.
 */
#include "serve/hooks.h"

#include "base/clock.h"
#include "base/log.h"
#include "serve/asking.h"
#include "serve/event.h"
#include "serve/hook.h"
#include "serve/telling.h"

#include <stdio.h>
#include <string.h>

struct hooks *hooks_new(struct arena *arena, const struct hooks_options *options)
{
	struct hooks *hooks = arena_new_of(arena, struct hooks);
	if (!hooks)
		return NULL;
	hooks->options = *options;
	pthread_mutex_init(&hooks->late.lock, NULL);
	return hooks;
}

int64_t hooks_answer_late(struct hooks *hooks)
{
	return late_answer(&hooks->late, clock_ms());
}

void hooks_stop(struct hooks *hooks)
{
	atomic_store(&hooks->stopping, true);
	late_close(&hooks->late);
}

void hooks_count(const struct hooks *hooks, struct state_counters *out)
{
	uint64_t *const counters[ASKING_COUNTERS] = {
		[ASKING_QUEUED] = &out->hooks_queued,   [ASKING_IGNORED] = &out->hooks_ignored,
		[ASKING_REFUSED] = &out->hooks_refused, [ASKING_SNAPSHOTS] = &out->hooks_snapshots,
		[ASKING_FULL] = &out->hooks_full,       [ASKING_DENIED] = &out->hooks_denied,
		[ASKING_UNSAVED] = &out->hooks_unsaved, [ASKING_OTHERS] = &out->hooks_others,
	};
	for (size_t i = 0; i < ASKING_COUNTERS; i++)
		*counters[i] += atomic_load(&hooks->counters[i]);
}

/* --- who asks --------------------------------------------------------------------------------- */

/*
 * Browsers and many other clients send a login only once they are asked for it: their first request
 * is no guess. An event may prove who sent it by other means, which cannot be told from guesses.
 */
static bool guesses(const struct asking *asking)
{
	return asking_header(asking, "Authorization") ||
	       str_starts(str_of(asking->path), event_path);
}

/* Whoever guesses must not fill the disk: a line a second at most says how many there were. */
static void log_refusal(struct hooks *hooks, const char *peer, int64_t now)
{
	int64_t last = atomic_load(&hooks->refusal_logged_ms);
	if ((last && now - last < 1000) ||
	    !atomic_compare_exchange_strong(&hooks->refusal_logged_ms, &last, now)) {
		atomic_fetch_add(&hooks->refusals, 1);
		return;
	}
	uint64_t more = atomic_exchange(&hooks->refusals, 0);
	if (more)
		log_warn("%s: a request with a wrong login was refused, and %llu before it", peer,
			 (unsigned long long)more);
	else
		log_warn("%s: a request with a wrong login was refused", peer);
}

static void refuse_login(const struct asking *asking)
{
	/* The fork's words, slips and all. */
	static const char words[] = "no auth or wrong pasword or wrong username";
	static const struct listener_header header = {
		"WWW-Authenticate", "Basic realm=\"image-syncer\", charset=\"UTF-8\""};
	static const struct listener_answer refusal = {.status = 401,
						       .type = asking_text,
						       .body = {words, sizeof(words) - 1},
						       .constant = true,
						       .headers = &header,
						       .header_count = 1};
	int64_t now = clock_ms();
	const char *peer = listener_peer(asking->request);
	if (!guesses(asking)) {
		listener_answer(asking->request, &refusal);
		return;
	}
	asking_count(asking->hooks, ASKING_DENIED, 1);
	log_refusal(asking->hooks, peer, now);
	unsigned wait = login_refused(asking->rules->login, peer, now);
	if (!wait || !late_keep(&asking->hooks->late, asking->request, &refusal, now + wait))
		listener_answer(asking->request, &refusal);
}

/* Lets the request in, or answers it. */
static bool let_in(const struct asking *asking)
{
	struct login_guard *login = asking->rules->login;
	char seconds[16];
	unsigned wait = login_blocked(login, listener_peer(asking->request), clock_ms());
	if (wait) {
		asking_count(asking->hooks, ASKING_DENIED, 1);
		snprintf(seconds, sizeof(seconds), "%u", wait / 1000 + 1);
		asking_answer_with(asking, 429, STR("too many wrong logins\n"), "Retry-After",
				   seconds);
		return false;
	}
	if (login_check(login, asking_header(asking, "Authorization")) || event_proves(asking))
		return true;
	refuse_login(asking);
	return false;
}

/* Whether a browser says that a page of somebody else's asks. */
static bool is_foreign(const struct asking *asking)
{
	const char *site = asking_header(asking, "Sec-Fetch-Site");
	const char *origin = asking_header(asking, "Origin");
	const char *host = asking_header(asking, "Host");
	if (site)
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	const char *from = origin ? strstr(origin, "://") : NULL;
	return origin && (!from || !host || strcmp(from + 3, host) != 0);
}

static void serve_run(const struct asking *asking)
{
	const struct hooks_options *options = &asking->hooks->options;
	/* GET changes nothing, as ever. */
	if (strcmp(asking->method, "POST") != 0) {
		asking_answer(asking, 200, asking_text, STR("send a POST to start a run\n"));
		return;
	}
	if (atomic_load(&asking->hooks->stopping)) {
		asking_answer_later(asking, "the server stops");
		return;
	}
	options->run_now(options->ctx);
	asking_answer(asking, 202, asking_json, STR("{\"started\": true}\n"));
}

/* --- which is which --------------------------------------------------------------------------- */

enum { GET = 1, POST = 2 };

struct page {
	const char *path;
	unsigned methods;
	bool open; /* to everybody */
	bool safe; /* it changes nothing */
	void (*serve)(const struct asking *asking);
};

static const struct page pages[] = {
	{"/images/sync/hook", GET | POST, false, false, hook_serve},
	{"/images/sync/do", GET | POST, false, false, serve_run},
	{"/status", GET, false, true, telling_status},
	{"/metrics", GET, false, true, telling_metrics},
	{"/healthz", GET, true, true, telling_health},
	{"/readyz", GET, true, true, telling_readiness},
	{"/", GET, false, true, telling_page},
};

static const struct page events_page = {event_path, POST, false, false, event_serve};

static const struct page *find_page(const char *path)
{
	for (size_t i = 0; i < array_count(pages); i++)
		if (strcmp(pages[i].path, path) == 0)
			return &pages[i];
	return str_starts(str_of(path), event_path) ? &events_page : NULL;
}

static unsigned method_of(const char *method)
{
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return GET;
	return strcmp(method, "POST") == 0 ? POST : 0;
}

static bool is_open(const struct asking *asking, const struct page *page)
{
	return page && (page->open ||
			(page->serve == telling_metrics && asking->rules->config->open_metrics));
}

static void serve(const struct asking *asking)
{
	static const char *const allowed[] = {
		[GET] = "GET, HEAD", [POST] = "POST", [GET | POST] = "GET, HEAD, POST"};
	const struct page *page = find_page(asking->path);
	if (!is_open(asking, page) && !let_in(asking))
		return;
	if (!page)
		asking_answer(asking, 404, asking_text, STR("not found\n"));
	else if (!(page->methods & method_of(asking->method)))
		asking_answer_with(asking, 405, STR("method not allowed\n"), "Allow",
				   allowed[page->methods]);
	else if (!page->safe && is_foreign(asking))
		asking_answer(asking, 403, asking_text, STR("another site may not ask for this\n"));
	else
		page->serve(asking);
}

void hooks_serve(void *ctx, struct listener_request *request)
{
	struct hooks *hooks = ctx;
	const struct hooks_options *options = &hooks->options;
	const struct hooks_rules *rules = options->hold(options->ctx);
	const struct asking asking = {.hooks = hooks,
				      .request = request,
				      .rules = rules,
				      .method = listener_method(request),
				      .path = listener_path(request)};
	serve(&asking);
	options->release(options->ctx, rules);
}
