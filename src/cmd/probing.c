/*
 * Each question is sent once: a run would repeat it, but whoever asks here wants to know now. The
 * first one carries no login, so that the registry says which it wants.
 */
#include "cmd/probing.h"

#include "base/scoped.h"
#include "discover/discover.h"
#include "net/proxy.h"
#include "oci/layout_name.h"
#include "oci/media.h"
#include "registry/answer.h"
#include "registry/authorize.h"
#include "registry/blobs.h"
#include "registry/host.h"
#include "registry/login.h"
#include "registry/request.h"
#include "registry/scope.h"
#include "registry/tags.h"

#include <string.h>

enum { PAGE = 100, PAGE_BYTES_MAX = 16 * 1024 * 1024, MANIFEST_MAX = 8 * 1024 * 1024 };

/* --- what is to be asked ------------------------------------------------------------------- */

static bool parse_host(struct arena *arena, const char *text, struct reference *out,
		       struct error *err)
{
	const char *image = arena_printf(arena, "%s/x", text);
	if (!image)
		return error_memory(err);
	if (!reference_parse(arena, str_of(image), out, err))
		return false;
	if (strcmp(out->repository, "x") != 0)
		return error_set(
			err, ERROR_CONFIG,
			"%s is not a host: for an image of Docker Hub write docker.io/library/%s",
			text, text);
	out->repository = "";
	return true;
}

bool probing_parse(struct arena *arena, const char *text, struct probing_target *out,
		   struct error *err)
{
	*out = (struct probing_target){.text = text};
	if (layout_name_scheme(str_of(text)))
		return error_set(err, ERROR_CONFIG,
				 "%s: only a registry can be probed, and this is a folder", text);
	return strchr(text, '/') ? reference_parse(arena, str_of(text), &out->name, err)
				 : parse_host(arena, text, &out->name, err);
}

/* --- what is seen -------------------------------------------------------------------------- */

static const char *keep(const struct probing *probing, struct str text)
{
	return arena_copy(probing->arena, text.at, text.len);
}

static int64_t milliseconds(int64_t us)
{
	return us < 0 ? -1 : (us + 500) / 1000;
}

static void take_chain(const struct probing *probing, const struct tls_chain *chain)
{
	struct probe_report *report = probing->report;
	report->certificate_count = 0;
	for (size_t i = 0; chain && i < chain->count; i++) {
		const struct tls_chain_link *link = &chain->links[i];
		const struct probe_certificate kept = {
			keep(probing, str_of(link->subject)), keep(probing, str_of(link->issuer)),
			keep(probing, str_of(link->names)), link->not_after};
		if (kept.subject && kept.issuer && kept.names)
			report->certificates[report->certificate_count++] = kept;
	}
}

static void take_connection(const struct probing *probing, const struct sighting *sight)
{
	struct probe_report *report = probing->report;
	report->address = *sight->address ? keep(probing, str_of(sight->address)) : NULL;
	report->proxy = sight->proxy ? keep(probing, str_of(sight->proxy->url)) : NULL;
	report->lookup_ms = milliseconds(sight->lookup_us);
	report->connect_ms = milliseconds(sight->connect_us);
	report->tls_ms = milliseconds(sight->tls_us);
	report->scheme = keep(probing, str_of(sight->request->url->scheme));
	report->version = sight->version;
	report->suite = sight->suite;
	report->unchecked = sight->request->insecure;
	take_chain(probing, sight->chain);
}

static void take_limit(const struct probing *probing, const struct http_answer *answer,
		       const char *header)
{
	struct probe_report *report = probing->report;
	struct str value = http_header(answer, header);
	size_t i = 0;
	while (i < report->limit_count && strcmp(report->limits[i].header, header) != 0)
		i++;
	const char *kept = value.len ? keep(probing, value) : NULL;
	if (!kept || i == PROBE_REPORT_LIMITS)
		return;
	report->limits[i] = (struct probe_limit){header, kept};
	report->limit_count += i == report->limit_count;
}

static bool is_own(const struct probing *probing, const struct url *url)
{
	return strcmp(url->host, probing->host) == 0 &&
	       (!probing->port || strcmp(url->port, probing->port) == 0);
}

void probing_saw(void *ctx, const struct sighting *sight)
{
	static const char *const limits[] = {
		"ratelimit-limit",   "ratelimit-remaining",   "docker-ratelimit-source",
		"x-ratelimit-limit", "x-ratelimit-remaining", "retry-after",
	};
	struct probing *probing = ctx;
	struct probe_report *report = probing->report;
	probing->requests++;
	if (!report)
		return;
	if (!is_own(probing, sight->request->url)) {
		if (report->realm && strstr(report->realm, sight->request->url->host))
			report->token_server =
				*sight->address ? keep(probing, str_of(sight->address)) : NULL;
		return;
	}
	if (sight->fresh)
		take_connection(probing, sight);
	for (size_t i = 0; sight->answer && i < array_count(limits); i++)
		take_limit(probing, sight->answer, limits[i]);
}

/* --- steps --------------------------------------------------------------------------------- */

/* Notes why a step failed; the first reason counts. Returns false. */
static bool fail(struct probing *probing, const struct error *err)
{
	struct probe_report *report = probing->report;
	if (!report->error)
		report->error = keep(probing, str_of(err->text));
	return false;
}

/* A missing repository or tag says nothing against the login. */
static void take_acceptance(struct probing *probing, const struct http_answer *answer)
{
	probing->report->accepted |= answer->status < 400 || answer->status == 404;
}

/* A client without a login does not remember what was asked for, so the answer itself counts. */
static void take_challenge(struct probing *probing, const struct repository *repository,
			   const struct http_answer *answer)
{
	static const char *const names[] = {
		[CHALLENGE_NONE] = "", [CHALLENGE_BASIC] = "basic", [CHALLENGE_BEARER] = "bearer"};
	struct probe_report *report = probing->report;
	struct challenge challenge = {0};
	struct str value;
	size_t at = 0;
	while (answer->status == 401 && http_header_next(answer, "WWW-Authenticate", &at, &value))
		challenge_parse(probing->arena, value, &challenge);
	if (challenge.scheme == CHALLENGE_NONE &&
	    !host_challenge(repository->access.host, probing->arena, &challenge))
		return;
	report->challenge = names[challenge.scheme];
	report->realm = challenge.realm;
	report->service = challenge.service;
}

static void take_login(struct probing *probing, const struct repository *repository)
{
	struct probe_report *report = probing->report;
	const struct credential *credential = repository->access.credential;
	struct authorize_state state;
	authorize_look(&repository->access, probing->arena, &state);
	report->login = login_place(&repository->access);
	report->unsent = report->login && !state.sent;
	report->user = report->login && credential ? credential->username : NULL;
	if (state.scheme == CHALLENGE_BEARER && *repository->name)
		report->scope = scope_default(probing->arena, repository->name,
					      repository->access.target, NULL);
}

/* Asks without a login whether there is a registry, and which login it wants. */
static bool ask_root(struct probing *probing, const struct repository *repository)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct request request = {
		.method = "GET", .path = "/v2/", .scope = "", .anonymous = true};
	struct error err = {0};
	if (!request_send_once(repository, &request, &answer, &err))
		return fail(probing, &err);
	take_challenge(probing, repository, &answer);
	take_login(probing, repository);
	if (answer.status < 400 || answer.status == 401 || answer.status == 403)
		return true;
	answer_error(&answer, &err);
	error_wrap(&err, "%s does not answer as a registry (/v2/)", repository->access.host->name);
	return fail(probing, &err);
}

/* The same with the login. */
static bool ask_login(struct probing *probing, const struct repository *repository)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	const struct request request = {.method = "GET", .path = "/v2/", .scope = ""};
	struct error err = {0};
	if (!request_send_once(repository, &request, &answer, &err))
		return fail(probing, &err);
	take_acceptance(probing, &answer);
	if (answer.status < 400)
		return true;
	request_refused(repository, &request, &answer, &err);
	return fail(probing, &err);
}

/* Reads the first page of tags. *first is the tag to look at: "latest" if it is there. */
static bool take_tags(struct probing *probing, const struct http_answer *answer, const char **first,
		      struct error *err)
{
	scoped(known_list_free) struct known_list *list = known_list_new();
	struct probe_report *report = probing->report;
	const struct node *root = NULL;
	if (!list)
		return error_memory(err);
	if (!answer_json(probing->arena, answer, "a list of tags", &root, err) ||
	    !tags_take(list, root, err))
		return false;
	const char *const *tags = known_list_tags(list, probing->arena);
	if (!tags)
		return error_memory(err);
	report->listed = true;
	report->tags = known_list_count(list);
	report->more = http_header(answer, "Link").len > 0;
	for (size_t i = 0; i < report->tags; i++)
		if (!i || strcmp(tags[i], "latest") == 0)
			*first = tags[i];
	return true;
}

/* Not every registry, and not every login, may list: that alone is no failure. */
static bool list_tags(struct probing *probing, const struct repository *repository,
		      const char **first, struct error *err)
{
	for (int number = PAGE;; number = 0) {
		scoped(http_answer_finish) struct http_answer answer = {0};
		const char *path = arena_printf(probing->arena, "/v2/%s/tags/list%s",
						repository->name, number ? "?n=100" : "");
		const struct request request = {.method = "GET",
						.path = path,
						.answer_max = PAGE_BYTES_MAX,
						.listing = true};
		if (!path)
			return error_memory(err);
		if (!request_send_once(repository, &request, &answer, err))
			return false;
		take_acceptance(probing, &answer);
		if (answer.status == 200)
			return take_tags(probing, &answer, first, err);
		request_refused(repository, &request, &answer, err);
		if (!number ||
		    (answer.status != 400 && answer.status != 416 && answer.status != 422))
			return false;
	}
}

/* Asks for the manifest of a tag: by HEAD, and by GET for the words of a refusal. */
static bool look_at(struct probing *probing, const struct repository *repository, const char *tag,
		    bool *found, struct error *err)
{
	static const char *const methods[] = {"HEAD", "GET"};
	*found = false;
	for (size_t i = 0; i < array_count(methods); i++) {
		scoped(http_answer_finish) struct http_answer answer = {0};
		const struct request request = {.method = methods[i],
						.path = arena_printf(probing->arena,
								     "/v2/%s/manifests/%s",
								     repository->name, tag),
						.accept = media_accept,
						.answer_max = MANIFEST_MAX};
		if (!request.path)
			return error_memory(err);
		if (!request_send_once(repository, &request, &answer, err))
			return false;
		take_acceptance(probing, &answer);
		*found = answer.status == 200;
		if (*found || (answer.status == 404 && i))
			return true;
		request_refused(repository, &request, &answer, err);
	}
	return false;
}

static bool measure(struct probing *probing, const struct repository *repository, const char *tag,
		    struct error *err)
{
	struct probe_report *report = probing->report;
	bool found = false;
	probing->requests = 0;
	if (!look_at(probing, repository, tag, &found, err))
		return false;
	report->first = probing->requests;
	if (!found)
		return error_set(err, ERROR_MISSING, "%s/%s has no tag %s%s",
				 repository->access.host->name, repository->name, tag,
				 report->tags ? "" : ": does the repository exist?");
	probing->requests = 0;
	if (look_at(probing, repository, tag, &found, err))
		report->next = repository->access.host->profile->lists_digests && report->listed
				       ? 0
				       : probing->requests;
	return true;
}

static bool read_repository(struct probing *probing, const struct probing_target *target,
			    const struct repository *repository)
{
	struct probe_report *report = probing->report;
	struct error listing = {0}, err = {0};
	const char *tag = NULL;
	bool listed = list_tags(probing, repository, &tag, &listing);
	if (target->name.tag || target->name.digest)
		tag = reference_target(&target->name);
	/* Where nothing is listed, a refusal of the list says more than a missing tag. */
	if (!tag && !listed && listing.kind != ERROR_MISSING && listing.kind != ERROR_REJECTED)
		return fail(probing, &listing);
	report->tag = tag ? tag : "latest";
	return measure(probing, repository, report->tag, &err) || fail(probing, &err);
}

/* Opens an upload of an empty blob, without a byte of it, and cancels it. */
static bool push(struct probing *probing, const struct probing_target *target)
{
	static const char empty[] =
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	const struct blob_offer offer = {.digest = empty, .thorough = true};
	struct repository repository;
	struct upload upload;
	struct error err = {0};
	if (!registry_open(probing->registry, &target->name, true, &repository, &err))
		return fail(probing, &err);
	take_login(probing, &repository);
	if (!blobs_offer(&repository, probing->arena, &offer, &upload, &err))
		return fail(probing, &err);
	if (upload.open)
		blobs_cancel(&repository, &upload);
	return true;
}

static void run_steps(struct probing *probing, const struct probing_target *target,
		      const struct repository *repository)
{
	struct probe_report *report = probing->report;
	if (!ask_root(probing, repository))
		return;
	report->reads = *target->name.repository ? read_repository(probing, target, repository)
						 : ask_login(probing, repository);
	if (report->service && strcmp(report->service, "harbor-registry") == 0)
		report->listing = "harbor";
	else
		report->listing = discover_kind(target->name.host);
	if (report->pushing)
		report->pushes = push(probing, target);
}

bool probing_run(struct probing *probing, const struct probing_target *target,
		 struct probe_report *out)
{
	struct repository repository;
	struct error err;
	struct url origin;
	*out = (struct probe_report){.target = target->text,
				     .lookup_ms = -1,
				     .connect_ms = -1,
				     .tls_ms = -1,
				     .first = -1,
				     .next = -1,
				     .pushing = probing->write && *target->name.repository};
	if (!registry_open(probing->registry, &target->name, false, &repository, &err) ||
	    !host_origin(repository.access.host, &origin, &err))
		return false;
	bool named = strcmp(origin.port, "443") != 0;
	probing->report = out;
	probing->host = origin.host;
	probing->port = named ? origin.port : NULL;
	run_steps(probing, target, &repository);
	probing->report = NULL;
	return true;
}
