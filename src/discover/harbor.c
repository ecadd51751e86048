/*
 * Harbor shows its catalog to administrators only, but lists the repositories of a project to all
 * that may read it, by an API that wants the login itself and not a token. The same API lists the
 * images of a repository, with their tags.
 *
 * In a project that is a cache for another registry these lists have what is cached, which neither
 * is all nor new.
 */
#include "discover/dialect.h"

#include "base/percent.h"
#include "oci/timestamp.h"
#include "registry/answer.h"
#include "registry/facts.h"
#include "registry/harbor.h"

#include <string.h>

static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	if (root->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer is not a list of repositories");
	pages->entries += root->count;
	for (size_t i = 0; i < root->count; i++) {
		struct str name;
		if (!dialect_text(root->items[i], "name", &name, err) ||
		    !dialect_add(pages, name, err))
			return false;
	}
	return true;
}

/* The project is the first part of the path; without one all repositories are listed. */
static const char *list_path(struct arena *arena, const char *namespace)
{
	scoped(buf_finish) struct buf path = {0};
	size_t project = strcspn(namespace, "/");
	buf_add_string(&path, "/api/v2.0/");
	if (project) {
		buf_add_string(&path, "projects/");
		percent_encode((struct str){namespace, project}, &path);
		buf_add_char(&path, '/');
	}
	buf_add_string(&path, "repositories?page=1&page_size=100");
	return buf_ok(&path) ? arena_string(arena, path.at) : NULL;
}

bool harbor_list(const struct discovery *discovery, struct map *found, bool *supported,
		 struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct dialect_pages pages = {.discovery = discovery,
				      .request = {.method = "GET",
						  .answer_max = DIALECT_PAGE_MAX,
						  .basic = true,
						  .stay = true},
				      .what = "a list of repositories",
				      .take = take,
				      .totals = true,
				      .found = found};
	*supported = discovery->via != NULL;
	pages.request.path = arena ? list_path(arena, discovery->path) : NULL;
	if (!pages.request.path)
		return error_memory(why);
	if (!dialect_open(discovery, discovery->host, discovery->path, &pages.repository, why))
		return false;
	if (!discovery->via && !harbor_answers(&pages.repository, supported, why)) {
		*supported = true;
		return false;
	}
	if (!*supported)
		return error_set(why, ERROR_UNSUPPORTED, "%s is not Harbor", discovery->host);
	return dialect_read(&pages, why) ||
	       error_wrap(why, "the repositories of %s/%s", discovery->host, discovery->path);
}

/* --- tags ----------------------------------------------------------------------------------- */

/* An image may have several tags, or none. */
static bool take_artifact(struct dialect_pages *pages, const struct node *artifact,
			  struct error *err)
{
	const struct node *tags = node_get(artifact, "tags");
	struct known_tag tag = {0};
	timestamp_parse(node_string(node_get(artifact, "push_time")), &tag.pushed);
	if (!dialect_text(artifact, "digest", &tag.digest, err))
		return false;
	for (size_t i = 0; tags && i < tags->count; i++)
		if (!dialect_text(tags->items[i], "name", &tag.tag, err) ||
		    !dialect_add_tag(pages, &tag, err))
			return false;
	return true;
}

static bool take_artifacts(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	if (root->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer is not a list of images");
	pages->entries += root->count;
	for (size_t i = 0; i < root->count; i++)
		if (!take_artifact(pages, root->items[i], err))
			return false;
	return true;
}

/* The repository's own path below the API; a slash in its name is encoded twice. */
static const char *artifacts_path(struct arena *arena, const char *repository)
{
	scoped(buf_finish) struct buf path = {0}, once = {0};
	size_t project = strcspn(repository, "/");
	percent_encode(str_from(str_of(repository), project + 1), &once);
	buf_add_string(&path, "/api/v2.0/projects/");
	percent_encode((struct str){repository, project}, &path);
	buf_add_string(&path, "/repositories/");
	percent_encode(buf_str(&once), &path);
	buf_add_string(&path, "/artifacts?page=1&page_size=100&with_tag=true&q=tags=*");
	return buf_ok(&once) && buf_ok(&path) ? arena_string(arena, path.at) : NULL;
}

/* Asks whether the project is no cache for another registry; one that is not shown may be one. */
static bool holds_its_own(const struct repository *repository, struct arena *arena, bool *own,
			  struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(buf_finish) struct buf path = {0};
	const struct node *root = NULL;
	buf_add_string(&path, "/api/v2.0/projects/");
	percent_encode(str_head(str_of(repository->name), strcspn(repository->name, "/")), &path);
	const struct request request = {.method = "GET",
					.path = buf_string(&path),
					.answer_max = DIALECT_PAGE_MAX,
					.basic = true,
					.stay = true,
					.otherwise = true,
					.spare = true};
	if (!buf_ok(&path))
		return error_memory(err);
	if (!request_send_once(repository, &request, &answer, err))
		return false;
	if (answer.status != 200)
		return answer_error(&answer, err);
	if (!answer_json(arena, &answer, "a project", &root, err))
		return false;
	*own = dialect_number(root, "registry_id") == 0;
	return true;
}

/* The same, asked once for each project. */
static bool may_be_listed(const struct repository *repository, struct arena *arena,
			  struct error *err)
{
	const struct access *access = &repository->access;
	const char *project = arena_copy(arena, repository->name, strcspn(repository->name, "/"));
	bool own = false;
	if (!project)
		return error_memory(err);
	if (access->target || facts_hold(access, FACT_OWN_IMAGES, project))
		return true;
	if (!holds_its_own(repository, arena, &own, err))
		return false;
	if (own)
		facts_learn(access, FACT_OWN_IMAGES, project);
	return own ||
	       error_set(err, ERROR_UNSUPPORTED, "%s is a cache for another registry", project);
}

bool harbor_tags(const struct repository *repository, size_t requests, struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	/* Images that belong to others, such as signatures, may have tags and are not listed. */
	const struct known_trust trust = {.complete = true, .picky = true};
	struct dialect_pages pages = {.request = {.method = "GET",
						  .answer_max = DIALECT_PAGE_MAX,
						  .basic = true,
						  .stay = true},
				      .repository = *repository,
				      .what = "a list of images",
				      .take = take_artifacts,
				      .totals = true,
				      .most = requests};
	pages.request.path = arena ? artifacts_path(arena, repository->name) : NULL;
	if (!pages.request.path)
		return error_memory(why);
	return may_be_listed(repository, arena, why) &&
	       dialect_read_tags(&pages, repository, trust, why);
}
