/*
 * GitLab lists the repositories of a group or of a project by its own API, which stands beside the
 * server that issues the registry's tokens: so that server is asked for, under whichever name. The
 * password has to be an access token and is sent as one, since the API takes no other login.
 *
 * A path may be that of a group, of a project, or of images below a project; the API says 404 for
 * the wrong kind, and for all that the token may not see.
 */
#include "discover/dialect.h"

#include "base/percent.h"
#include "registry/login.h"
#include "registry/realm.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 100 };

/* How the path of GitLab's token server ends. */
static const char issuer[] = "/jwt/auth";

/* The last page that was read. */
struct last_page {
	size_t entries;
	bool numbered; /* it said which page is next, or that there is none */
};

static bool take_one(struct dialect_pages *pages, const struct node *each, struct error *err)
{
	struct str path;
	struct str status = node_string(node_get(each, "status"));
	if (!dialect_text(each, "path", &path, err))
		return false;
	bool leaves = str_is(status, "delete_scheduled") || str_is(status, "delete_ongoing");
	return leaves || dialect_add(pages, path, err);
}

static bool take(struct dialect_pages *pages, const struct node *root, struct error *err)
{
	if (root->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer is not a list of repositories");
	struct last_page *last = pages->ctx;
	last->entries = root->count;
	pages->entries += root->count;
	for (size_t i = 0; i < root->count; i++)
		if (!take_one(pages, root->items[i], err))
			return false;
	return true;
}

/* There is a Link as well, unless a proxy on the way dropped it. */
static bool set_next(const struct dialect_pages *pages, const struct http_answer *answer,
		     const struct node *root, struct arena *arena, struct paging *paging,
		     struct error *err)
{
	struct str number = http_header(answer, "X-Next-Page");
	struct last_page *last = pages->ctx;
	int64_t page = 0;
	(void)root;
	last->numbered = number.at != NULL;
	if (!number.len)
		return true;
	if (!str_to_int64(number, &page) || page < 1) {
		paging->more = "X-Next-Page";
		return true;
	}
	paging->next = arena_printf(arena, "%s&page=%lld", pages->request.path, (long long)page);
	return paging->next || error_memory(err);
}

/*
 * Lists what kind, "groups" or "projects", has under the path id. base: what all paths of the API
 * begin with.
 */
static bool list_one(struct dialect_pages *pages, const char *base, const char *kind, struct str id,
		     struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf path = {0};
	buf_printf(&path, "%s/api/v4/%s/", base, kind);
	percent_encode(id, &path);
	buf_printf(&path, "/registry/repositories?per_page=%d", PAGE);
	pages->status = 0;
	pages->request.path = arena && buf_ok(&path) ? arena_string(arena, path.at) : NULL;
	if (!pages->request.path)
		return error_memory(err);
	if (!dialect_read(pages, err))
		return false;
	const struct last_page *last = pages->ctx;
	return last->numbered || pages->total || last->entries < PAGE ||
	       error_set(err, ERROR_CORRUPT,
			 "the last page has %zu entries, and nothing says that these are all",
			 last->entries);
}

/* The path above id; empty when there is none. */
static struct str parent_of(struct str id)
{
	while (id.len && id.at[id.len - 1] != '/')
		id.len--;
	return str_head(id, id.len ? id.len - 1 : 0);
}

/* A group, else a project, else one that the path leads through: projects have a group above. */
static bool list(struct dialect_pages *pages, const char *base, struct error *err)
{
	struct str id = str_of(pages->discovery->path);
	bool ok = list_one(pages, base, "groups", id, err);
	while (!ok && pages->status == 404 && !pages->count && parent_of(id).len) {
		ok = list_one(pages, base, "projects", id, err);
		id = parent_of(id);
	}
	return ok;
}

/* Appends to a refusal what to do about it. place: that of the login; NULL: there is none. */
static void add_remedy(struct error *why, int status, const char *place, const char *host)
{
	size_t len = strlen(why->text), room = sizeof(why->text) - len;
	char *end = why->text + len;
	bool denied = status == 401 || status == 403;
	if ((denied || status == 404) && !place)
		snprintf(end, room,
			 " (add a login for %s to the auth file, with an access token of the scope "
			 "read_api as password)",
			 host);
	else if (denied)
		snprintf(end, room,
			 " (the password of %s must be an access token with the scope read_api, "
			 "and at least the role Reporter)",
			 place);
	else if (status == 404)
		snprintf(end, room,
			 " (no group or project has this name, or the login of %s may not see it; "
			 "of a user, name a project, as in %s/USER/PROJECT/*)",
			 place, host);
}

/* Finds the API's server. *base: the path it has there; NULL: the registry is not GitLab's. */
static bool find(struct dialect_pages *pages, struct arena *arena, const char **base,
		 struct error *err)
{
	const struct discovery *discovery = pages->discovery;
	struct repository registry;
	struct url realm;
	*base = NULL;
	if (!dialect_open(discovery, discovery->host, discovery->path, &registry, err) ||
	    !realm_find(&registry, arena, &realm, err))
		return false;
	struct str path = realm.text ? url_public(&realm) : (struct str){0};
	if (!str_ends(path, issuer))
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s is not GitLab: it has no token server whose path ends with %s",
				 discovery->host, issuer);
	path = str_head(path, path.len - strlen(issuer));
	path = str_from(path, strlen(realm.scheme) + strlen("://"));
	path = str_from(path, str_find(path, '/'));
	*base = arena_copy(arena, path.at, path.len);
	if (!*base)
		return error_memory(err);
	return realm_open(&registry, &realm, &pages->repository, err);
}

/* A path that GitLab would take for a number cannot be asked for by its name. */
static bool is_askable(const struct discovery *discovery, struct error *err)
{
	const char *path = discovery->path;
	if (!*path)
		return error_set(err, ERROR_CONFIG,
				 "%s lists the repositories of one group or project: name it, as "
				 "in %s/GROUP/*",
				 discovery->host, discovery->host);
	return path[strspn(path, "0123456789")] ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "GitLab takes %s for the number of a group: name the repositories, as in "
			 "repositories: [one, two]",
			 path);
}

bool gitlab_list(const struct discovery *discovery, struct map *found, bool *supported,
		 struct error *why)
{
	scoped(arena_free) struct arena *arena = arena_new();
	const char *base = NULL;
	struct last_page last = {0};
	struct dialect_pages pages = {.discovery = discovery,
				      .request = {.method = "GET",
						  .answer_max = DIALECT_PAGE_MAX,
						  .bearer = true,
						  .stay = true},
				      .what = "a list of repositories",
				      .take = take,
				      .next = set_next,
				      .ctx = &last,
				      .totals = true,
				      .found = found};
	*supported = true;
	if (!arena)
		return error_memory(why);
	bool ready = find(&pages, arena, &base, why);
	*supported = base != NULL;
	if (!ready || !is_askable(discovery, why))
		return false;
	if (list(&pages, base, why))
		return true;
	add_remedy(why, pages.status, login_place(&pages.repository.access), discovery->host);
	return error_wrap(why, "the repositories of %s at %s", discovery->path,
			  registry_host_name(&pages.repository));
}
