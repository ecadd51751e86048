/*
 * Amazon ECR lists the repositories of a registry by DescribeRepositories, in pages that a token
 * names. The call is signed with the AWS keys of the environment; with a login alone the catalog
 * answers. Public ECR lists a registry to its owner only, so it is not asked.
 */
#include "discover/dialect.h"

#include "doc/json_writer.h"
#include "registry/answer.h"
#include "registry/ecr.h"

/* The number of pages in a row that may bring nothing new. */
enum { PAGE_SIZE = 1000, BARREN_MAX = 16 };

bool ecr_list_has(const char *host)
{
	struct ecr_name ignored;
	return ecr_name_parse(str_of(host), &ignored);
}

/* The pages under way. */
struct ecr_pages {
	struct dialect_pages pages;
	struct ecr_name name;
	struct arena *arena;
	const char *token; /* of the next page; NULL: of the first, or there is none */
	unsigned barren;   /* pages in a row that brought nothing new */
};

static void pages_finish(struct ecr_pages *reading)
{
	arena_free(&reading->arena);
}

static bool make_body(const struct ecr_pages *reading, struct buf *out)
{
	struct json_writer writer = {.out = out, .compact = true};
	const char *account =
		arena_copy(reading->arena, reading->name.account.at, reading->name.account.len);
	json_writer_open_object(&writer);
	json_writer_name(&writer, "registryId");
	json_writer_string(&writer, account);
	json_writer_name(&writer, "maxResults");
	json_writer_int(&writer, PAGE_SIZE);
	if (reading->token) {
		json_writer_name(&writer, "nextToken");
		json_writer_string(&writer, reading->token);
	}
	json_writer_close_object(&writer);
	return account && buf_ok(out);
}

static bool take(struct ecr_pages *reading, const struct node *root, struct error *err)
{
	const struct node *list = node_get(root, "repositories");
	if (!list || list->kind != NODE_LIST)
		return error_set(err, ERROR_CORRUPT, "the answer holds no list of repositories");
	for (size_t i = 0; i < list->count; i++) {
		struct str name;
		if (!dialect_text(list->items[i], "repositoryName", &name, err) ||
		    !dialect_add(&reading->pages, name, err))
			return false;
	}
	return true;
}

/* Keeps the token of the next page. What announces a page and is no token is an error. */
static bool take_token(struct ecr_pages *reading, const struct node *root, struct error *err)
{
	const struct node *token = node_get(root, "nextToken");
	struct str text = node_string(token);
	reading->token = NULL;
	if (!token || token->kind == NODE_NULL)
		return true;
	if (!text.len)
		return error_set(err, ERROR_CORRUPT,
				 "there are more pages, but nextToken is not a token");
	reading->token = arena_copy(reading->arena, text.at, text.len);
	return reading->token || error_memory(err);
}

/* Reads one page; reading->token is that of the next one, NULL after the last. */
static bool read_page(struct ecr_pages *reading, struct error *err)
{
	scoped(http_answer_finish) struct http_answer answer = {0};
	scoped(arena_free) struct arena *arena = arena_new();
	scoped(buf_finish) struct buf body = {0};
	const struct dialect_pages *pages = &reading->pages;
	const struct node *root = NULL;
	size_t before = pages->found->count;
	if (!arena || !make_body(reading, &body))
		return error_memory(err);
	const struct ecr_call call = {.action = "DescribeRepositories",
				      .permission = "ecr:DescribeRepositories",
				      .body = buf_str(&body),
				      .answer_max = DIALECT_PAGE_MAX};
	if (!ecr_call(&pages->repository.access, &reading->name, &call, &answer, err) ||
	    !answer_json(arena, &answer, pages->what, &root, err) || !take(reading, root, err) ||
	    !take_token(reading, root, err))
		return false;
	reading->barren = pages->found->count > before ? 0 : reading->barren + 1;
	return !reading->token || reading->barren <= BARREN_MAX ||
	       error_set(err, ERROR_CORRUPT, "a page of the list brings nothing new");
}

static bool read_all(struct ecr_pages *reading, struct error *err)
{
	for (int page = 0; page < DIALECT_PAGES_MAX; page++) {
		if (!read_page(reading, err))
			return false;
		if (!reading->token)
			return true;
	}
	return error_set(err, ERROR_CORRUPT, "more than %d pages", DIALECT_PAGES_MAX);
}

/*
 * The catalog is in no reference of AWS, so a full page that announces no other may be cut. found
 * may hold names of the rule itself, which do not count.
 */
static bool read_catalog(const struct discovery *discovery, struct map *found, bool *supported,
			 struct error *err)
{
	scoped(map_finish) struct map listed = {0};
	if (!catalog_list(discovery, &listed, supported, err))
		return false;
	if (listed.count == PAGE_SIZE)
		return error_set(
			err, ERROR_CORRUPT,
			"the catalog of %s has exactly %d repositories, and more may be missing: "
			"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to use the API",
			discovery->host, PAGE_SIZE);
	for (size_t i = 0; i < listed.count; i++) {
		const struct str path = {listed.entries[i].key, listed.entries[i].len};
		if (!map_put(found, path, found))
			return error_memory(err);
	}
	return true;
}

bool ecr_list(const struct discovery *discovery, struct map *found, bool *supported,
	      struct error *why)
{
	scoped(pages_finish) struct ecr_pages reading = {
		.pages = {.discovery = discovery, .what = "a list of repositories", .found = found},
		.arena = arena_new()};
	struct repository *repository = &reading.pages.repository;
	*supported = true;
	if (!reading.arena)
		return error_memory(why);
	if (!ecr_list_has(discovery->host))
		return error_set(why, ERROR_CONFIG,
				 "%s is not a private registry of Amazon ECR, whose name is "
				 "ACCOUNT.dkr.ecr.REGION.amazonaws.com",
				 discovery->host);
	if (!dialect_open(discovery, discovery->host, discovery->path, repository, why))
		return false;
	if (!ecr_has_keys(&repository->access, &reading.name))
		return read_catalog(discovery, found, supported, why);
	return read_all(&reading, why) ||
	       error_wrap(why, "the repositories of %s", discovery->host);
}
