/*
 * Tags go first, and what belongs to their images after them: an image whose tag cannot be removed
 * keeps its signatures. The state forgets a tag when all of that is done. So a run that is killed in
 * between, or fails, leaves a tag in the state that is not at the destination: the next run goes on
 * with what belongs to it.
 *
 * What other tags need is read from the registry, whatever this run or the state believe: each of
 * them, to the last manifest inside. If one cannot be read, nothing is removed.
 */
#include "cmd/prune_repository.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "cmd/prune_closure.h"
#include "cmd/state_keeper.h"
#include "oci/companion.h"
#include "oci/referrers.h"
#include "registry/tags.h"

#include <string.h>

/* A tag that goes, and what is in its image. */
struct departure {
	const char *tag;
	const char *digest;
	const char *written; /* the digest that a run has written; NULL: none has */
	struct closure inside;
	bool absent; /* only what belongs to it is left */
	bool gone;   /* it was removed, or would be */
};

/* A tag of a signature and the like. */
struct attached {
	const char *tag;
	const char *base; /* the digest of an image that goes and that it belongs to; or NULL */
	bool stays;
	bool read;
};

/* A referrer without a tag. */
struct attachment {
	const char *digest, *base;
};

struct pruning {
	struct run *run;
	const struct prune_repository *of;
	const struct store *store;
	struct arena *arena;
	struct prune_tag *tags; /* of the destination */
	size_t tag_count;
	struct departure *departures;
	size_t count;
	struct attached *attached;
	size_t attached_count;
	struct attachment *attachments;
	size_t attachment_count, attachment_room;
	struct closure needed;
	struct map bases; /* fallback tag of each digest that goes -> the digest */
	bool by_digest;   /* the registry does not remove tags by their names */
};

static void pruning_finish(struct pruning *pruning)
{
	for (size_t i = 0; i < pruning->count; i++)
		closure_finish(&pruning->departures[i].inside);
	closure_finish(&pruning->needed);
	map_finish(&pruning->bases);
	arena_free(&pruning->arena);
}

/* --- reports -------------------------------------------------------------------------------- */

static void tell(const struct pruning *pruning, const struct departure *tag,
		 enum pruned_status status, const char *reason, const char *text)
{
	struct pruned pruned = {.name = pruning->of->name,
				.digest = tag->digest,
				.place = pruning->of->terms.place,
				.reason = reason,
				.text = text,
				.status = status};
	pruned.name.tag = tag->tag;
	report_pruned(pruning->run->report, &pruned);
}

/* --- what goes ------------------------------------------------------------------------------ */

/* Whether a tag was copied from a source of the rules. */
static bool is_ours(const struct pruning *pruning, const struct written_tag *tag)
{
	struct str source = str_of(tag->source ? tag->source : ""), name;
	return str_cut(&source, '@', &name) && map_get(&pruning->of->sources, name);
}

/* Maps tags of the repository that runs with this state have written. */
static bool find_written(struct pruning *pruning, struct map *out, struct error *err)
{
	const struct reference *name = &pruning->of->name;
	struct sync_state *state = state_keeper_state(pruning->run->session->keeper);
	struct written_tag *list = NULL;
	size_t count = 0;
	if (!pruning->run->options->state || !state)
		return true;
	if (!state_written_below(state, name->host, name->repository, pruning->arena, &list,
				 &count))
		return error_memory(err);
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].destination.repository, name->repository) == 0 &&
		    is_ours(pruning, &list[i]) &&
		    !companion_is_tag(str_of(list[i].destination.tag)) &&
		    !map_put(out, str_of(list[i].destination.tag), &list[i]))
			return error_memory(err);
	return true;
}

static bool is_selected(const struct pruning *pruning, const char *tag)
{
	return map_get(&pruning->of->selected, str_of(tag)) != NULL;
}

/* True when some tag may go, as far as the state knows. */
static bool is_worth_it(const struct pruning *pruning, const struct map *written)
{
	bool any = pruning->of->terms.foreign;
	for (size_t i = 0; i < written->count && !any; i++)
		any = !is_selected(pruning, written->entries[i].key);
	return any;
}

/* *found false: there is no such repository. */
static bool list_tags(struct pruning *pruning, struct tag_list *out, bool *found, struct error *err)
{
	*found = true;
	/* Not a list that was read before the images were copied. */
	if (!store_tags(pruning->store, pruning->arena, TAGS_PAGES_MAX, out, err))
		return false;
	if (out->complete)
		return true;
	if (store_tags(pruning->store, pruning->arena, 0, out, err))
		return error_set(err, ERROR_CORRUPT, "its list of tags is not complete");
	*found = err->kind != ERROR_MISSING;
	return !*found;
}

static void fill(const struct pruning *pruning, const struct map *written, const char *name,
		 struct prune_tag *out)
{
	const struct written_tag *tag = map_get(written, str_of(name));
	*out = (struct prune_tag){
		.name = name, .selected = is_selected(pruning, name), .written = tag != NULL};
	if (tag)
		out->last = tag->met > tag->when ? tag->met : tag->when;
}

static void depart(struct pruning *pruning, const char *name, const struct map *written)
{
	const struct written_tag *tag = map_get(written, str_of(name));
	struct departure *out = &pruning->departures[pruning->count++];
	*out = (struct departure){.tag = name, .written = tag ? tag->digest : NULL};
	closure_init(&out->inside, false);
}

/* Tags of the state that are at the destination no more, but what belonged to them may be. */
static void add_absent(struct pruning *pruning, const struct map *written, const struct map *listed)
{
	for (size_t i = 0; i < written->count; i++) {
		const char *name = written->entries[i].key;
		if (is_selected(pruning, name) || map_get(listed, str_of(name)))
			continue;
		depart(pruning, name, written);
		struct departure *tag = &pruning->departures[pruning->count - 1];
		tag->absent = tag->gone = true;
		tag->digest = tag->written;
	}
}

static bool judge(struct pruning *pruning, const struct map *written, const struct tag_list *list,
		  struct error *err)
{
	scoped(map_finish) struct map listed = {0};
	struct arena *arena = pruning->arena;
	pruning->tags = arena_array(arena, list->count + 1, sizeof(*pruning->tags));
	pruning->attached = arena_array(arena, list->count + 1, sizeof(*pruning->attached));
	pruning->departures =
		arena_array(arena, list->count + written->count + 1, sizeof(*pruning->departures));
	if (!pruning->tags || !pruning->attached || !pruning->departures)
		return error_memory(err);
	for (size_t i = 0; i < list->count; i++) {
		if (!map_put(&listed, str_of(list->items[i]), pruning))
			return error_memory(err);
		fill(pruning, written, list->items[i], &pruning->tags[i]);
	}
	pruning->tag_count = list->count;
	if (!prune_judge(&pruning->of->terms, pruning->tags, list->count, clock_unix()))
		return error_memory(err);
	for (size_t i = 0; i < list->count; i++) {
		const struct prune_tag *tag = &pruning->tags[i];
		if (tag->verdict == PRUNE_GOES)
			depart(pruning, tag->name, written);
		if (tag->verdict == PRUNE_COMPANION)
			pruning->attached[pruning->attached_count++] =
				(struct attached){.tag = tag->name};
	}
	add_absent(pruning, written, &listed);
	return true;
}

static struct prune_tag *find_tag(const struct pruning *pruning, const char *name)
{
	for (size_t i = 0; i < pruning->tag_count; i++)
		if (strcmp(pruning->tags[i].name, name) == 0)
			return &pruning->tags[i];
	return NULL;
}

/*
 * Reads the image of a tag that goes. One that is not what a run has written belongs to somebody
 * else, unless the rule takes foreign tags.
 */
static bool read_departure(struct pruning *pruning, struct departure *tag, bool *stays,
			   struct error *err)
{
	char own[DIGEST_TEXT_SIZE];
	*stays = false;
	if (tag->absent)
		return closure_note(&tag->inside, tag->digest, err) &&
		       closure_add(&tag->inside, pruning->store, tag->digest, own, err);
	if (!closure_add(&tag->inside, pruning->store, tag->tag, own, err))
		return false;
	tag->digest = *own ? arena_string(pruning->arena, own) : tag->written;
	*stays = (!*own && !tag->written) ||
		 (*own && !pruning->of->terms.foreign && strcmp(own, tag->written) != 0);
	return tag->digest || *stays || error_memory(err);
}

static bool read_departures(struct pruning *pruning, struct error *err)
{
	size_t left = 0;
	for (size_t i = 0; i < pruning->count; i++) {
		struct departure *tag = &pruning->departures[i];
		bool stays;
		if (!read_departure(pruning, tag, &stays, err))
			return false;
		if (!stays) {
			struct departure kept = *tag;
			pruning->departures[i] = pruning->departures[left];
			pruning->departures[left++] = kept;
			continue;
		}
		find_tag(pruning, tag->tag)->verdict = PRUNE_CHANGED;
		tell(pruning, tag, PRUNED_LEFT, "changed",
		     "it holds another image than the one that was written");
	}
	/* Those behind stay in the array, since somebody has to finish them. */
	for (size_t i = left; i < pruning->count; i++)
		closure_finish(&pruning->departures[i].inside);
	pruning->count = left;
	return true;
}

/* --- what stays ----------------------------------------------------------------------------- */

static bool need_tag(void *ctx, size_t index, struct error *err)
{
	struct pruning *pruning = ctx;
	const struct prune_tag *tag = &pruning->tags[index];
	char own[DIGEST_TEXT_SIZE];
	if (tag->verdict == PRUNE_GOES || tag->verdict == PRUNE_COMPANION)
		return true;
	return closure_add(&pruning->needed, pruning->store, tag->name, own, err);
}

/* A rule may name a digest without a tag. */
static bool need_digests(struct pruning *pruning, struct error *err)
{
	const struct map *selected = &pruning->of->selected;
	char own[DIGEST_TEXT_SIZE];
	for (size_t i = 0; i < selected->count; i++) {
		const char *name = selected->entries[i].key;
		if (strchr(name, ':') &&
		    (!closure_note(&pruning->needed, name, err) ||
		     !closure_add(&pruning->needed, pruning->store, name, own, err)))
			return false;
	}
	return true;
}

/* Finds the image of each signature's tag among those that go. */
static bool attach(struct pruning *pruning, struct error *err)
{
	for (size_t i = 0; i < pruning->count; i++) {
		const struct map *inside = &pruning->departures[i].inside.digests;
		for (size_t k = 0; k < inside->count; k++) {
			char tag[COMPANION_TAG_SIZE];
			char *digest = arena_string(pruning->arena, inside->entries[k].key);
			if (!digest)
				return error_memory(err);
			companion_fallback_tag(digest, tag);
			if (!map_put(&pruning->bases, str_of(tag), digest))
				return error_memory(err);
		}
	}
	for (size_t i = 0; i < pruning->attached_count; i++) {
		struct attached *each = &pruning->attached[i];
		struct str name = str_of(each->tag), base;
		str_cut(&name, '.', &base);
		each->base = map_get(&pruning->bases, base);
		each->stays = !each->base;
	}
	return true;
}

/*
 * Reads the signatures that stay, which may need something as well, until none is found that
 * belongs to something needed.
 */
static bool need_attached(struct pruning *pruning, struct error *err)
{
	char own[DIGEST_TEXT_SIZE];
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < pruning->attached_count; i++) {
			struct attached *each = &pruning->attached[i];
			each->stays = each->stays || closure_has(&pruning->needed, each->base);
			if (!each->stays || each->read)
				continue;
			each->read = more = true;
			if (!closure_add(&pruning->needed, pruning->store, each->tag, own, err))
				return false;
		}
	}
	return true;
}

static bool add_attachment(struct pruning *pruning, const char *digest, const char *base,
			   struct error *err)
{
	if (pruning->attachment_count == pruning->attachment_room) {
		size_t room = pruning->attachment_room * 2 + 16;
		struct attachment *grown = arena_array(pruning->arena, room, sizeof(*grown));
		if (!grown)
			return error_memory(err);
		if (pruning->attachment_count)
			memcpy(grown, pruning->attachments,
			       pruning->attachment_count * sizeof(*grown));
		pruning->attachments = grown;
		pruning->attachment_room = room;
	}
	pruning->attachments[pruning->attachment_count++] = (struct attachment){digest, base};
	return true;
}

/* Adds the referrers of base, by the API and from the list under its fallback tag. */
static bool find_referrers(struct pruning *pruning, const char *base, bool *supported,
			   struct map *seen, struct error *err)
{
	scoped(map_finish) struct map found = {0};
	struct manifest_bytes list = {0};
	char tag[COMPANION_TAG_SIZE];
	companion_fallback_tag(base, tag);
	if (*supported &&
	    !store_referrers(pruning->store, pruning->arena, base, &found, supported, err))
		return false;
	if (find_tag(pruning, tag) && store_get(pruning->store, pruning->arena, tag, &list, err) &&
	    strcmp(list.digest, base) != 0 &&
	    !referrers_read(pruning->arena, list.bytes, &found, err))
		return false;
	for (size_t i = 0; i < found.count; i++) {
		const struct referrer *each = found.entries[i].value;
		if (map_get(seen, str_of(each->digest)))
			continue;
		if (!map_put(seen, str_of(each->digest), pruning) ||
		    !add_attachment(pruning, each->digest, base, err))
			return error_memory(err);
	}
	return true;
}

/* Finds referrers of what goes, and those of these. */
static bool find_attachments(struct pruning *pruning, struct error *err)
{
	scoped(map_finish) struct map seen = {0};
	bool supported = true;
	for (size_t i = 0; i < pruning->bases.count; i++) {
		const char *digest = pruning->bases.entries[i].value;
		if (!closure_has(&pruning->needed, digest) &&
		    !find_referrers(pruning, digest, &supported, &seen, err))
			return false;
	}
	for (size_t i = 0; i < pruning->attachment_count; i++) {
		if (i > REFERRERS_MAX)
			return error_set(err, ERROR_CORRUPT, "more than %d referrers",
					 REFERRERS_MAX);
		if (!closure_has(&pruning->needed, pruning->attachments[i].digest) &&
		    !find_referrers(pruning, pruning->attachments[i].digest, &supported, &seen,
				    err))
			return false;
	}
	return true;
}

static bool find_needs(struct pruning *pruning, struct error *err)
{
	return pool_try(pruning->run->session->pool, pruning->tag_count, need_tag, pruning, err) &&
	       need_digests(pruning, err) && attach(pruning, err) && need_attached(pruning, err) &&
	       find_attachments(pruning, err);
}

/* --- removing ------------------------------------------------------------------------------- */

static bool refuse_removal(const struct pruning *pruning, struct error *err)
{
	static const struct {
		const char *host, *why;
	} others[] = {
		{"docker.io", "Docker Hub removes tags only on its web site and by an API of its "
			      "own, which is not supported here"},
		{"ghcr.io", "GitHub removes versions of packages only on its web site and by an "
			    "API of its own, which is not supported here"},
		{"amazonaws.com", "Amazon ECR removes images only by its API, which takes AWS keys "
				  "in the environment"},
	};
	const char *host = pruning->of->name.host;
	for (size_t i = 0; i < array_count(others); i++)
		if (str_ends(str_of(host), others[i].host))
			return error_set(err, ERROR_UNSUPPORTED,
					 "nothing is removed: %s. Remove prune from the rules for "
					 "%s",
					 others[i].why, host);
	return error_set(err, ERROR_UNSUPPORTED,
			 "nothing is removed: %s does not do that by the registry API. "
			 "Distribution (registry:2, registry:3) does if it is started with "
			 "REGISTRY_STORAGE_DELETE_ENABLED=true",
			 host);
}

/* Removes one manifest by its digest, unless something that stays needs it. */
static bool remove_digest(struct pruning *pruning, const char *digest, enum store_removal *out,
			  struct error *err)
{
	if (!store_remove(pruning->store, digest, out, err))
		return false;
	return *out != STORE_NOT_SO || refuse_removal(pruning, err);
}

/* The tag must still hold what was judged. *tag gone: somebody else has removed it. */
static bool look_again(const struct pruning *pruning, const char *tag, const char *digest,
		       bool *same, bool *gone, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct manifest_status status;
	if (!arena)
		return error_memory(err);
	if (!store_head(pruning->store, arena, tag, &status, err))
		return false;
	if (status.denied)
		return error_set(err, ERROR_DENIED, "the tag %s may not be read any more", tag);
	if (!status.found)
		return closure_absent(pruning->store, tag, gone, err);
	*gone = false;
	*same = status.found && strcmp(status.digest, digest) == 0;
	return true;
}

/* Keeps a tag after all, and with it all that belongs to it. */
static bool stay(struct pruning *pruning, struct departure *tag, const char *reason,
		 const char *text, struct error *err)
{
	tell(pruning, tag, PRUNED_LEFT, reason, text);
	return closure_join(&pruning->needed, &tag->inside, err);
}

static const char shared_text[] =
	"the registry removes no tags by their names, and other tags have the same image";

/* A registry that says 404 has not removed anything itself. */
static bool check_gone(const struct pruning *pruning, const struct departure *tag,
		       struct error *err)
{
	bool absent = false;
	return closure_absent(pruning->store, tag->tag, &absent, err) &&
	       (absent || error_set(err, ERROR_CORRUPT,
				    "the registry says that there is none, but serves it"));
}

/* Removes a tag; what is left for a reason of its own is no failure. */
static bool remove_tag(struct pruning *pruning, struct departure *tag, struct error *err)
{
	enum store_removal result = STORE_NOT_SO;
	bool same = false, gone = false;
	if (!look_again(pruning, tag->tag, tag->digest, &same, &gone, err))
		return false;
	if (!same && !gone)
		return stay(pruning, tag, "changed", "it was moved to another image just now", err);
	if (!gone && !pruning->by_digest && !store_remove(pruning->store, tag->tag, &result, err))
		return false;
	if (!gone && result == STORE_NOT_SO) {
		pruning->by_digest = true;
		if (closure_has(&pruning->needed, tag->digest))
			return stay(pruning, tag, "shared", shared_text, err);
		if (!remove_digest(pruning, tag->digest, &result, err))
			return false;
	}
	if (result == STORE_GONE && !check_gone(pruning, tag, err))
		return false;
	if (result == STORE_IMMUTABLE)
		return stay(pruning, tag, "immutable", "the registry says that it is immutable",
			    err);
	tag->gone = true;
	tell(pruning, tag, PRUNED_REMOVED, NULL, NULL);
	return true;
}

static bool remove_tags(struct pruning *pruning, struct error *err)
{
	for (size_t i = 0; i < pruning->count; i++) {
		struct departure *tag = &pruning->departures[i];
		if (cancel_requested())
			return error_canceled(err);
		if (!tag->absent && !remove_tag(pruning, tag, err))
			return error_wrap(err, "the tag %s", tag->tag);
	}
	return true;
}

/* True for a digest of an image that was removed and that nothing needs. */
static bool is_gone(struct pruning *pruning, const struct map *removed, const char *base)
{
	if (closure_has(&pruning->needed, base))
		return false;
	for (size_t i = 0; i < pruning->count; i++)
		if (pruning->departures[i].gone &&
		    closure_has(&pruning->departures[i].inside, base))
			return true;
	return map_get(removed, str_of(base)) != NULL;
}

static bool remove_attached(struct pruning *pruning, const struct attached *each, struct error *err)
{
	scoped(arena_free) struct arena *arena = arena_new();
	enum store_removal result = STORE_NOT_SO;
	struct manifest_status status;
	if (!arena)
		return error_memory(err);
	if (!pruning->by_digest && !store_remove(pruning->store, each->tag, &result, err))
		return false;
	if (result != STORE_NOT_SO)
		return true;
	pruning->by_digest = true;
	if (!store_head(pruning->store, arena, each->tag, &status, err))
		return false;
	if (!status.found || closure_has(&pruning->needed, status.digest))
		return true;
	return remove_digest(pruning, status.digest, &result, err);
}

static bool remove_attachments(struct pruning *pruning, struct error *err)
{
	scoped(map_finish) struct map removed = {0};
	enum store_removal result;
	for (size_t i = 0; i < pruning->attachment_count; i++) {
		const struct attachment *each = &pruning->attachments[i];
		if (cancel_requested())
			return error_canceled(err);
		if (closure_has(&pruning->needed, each->digest) ||
		    !is_gone(pruning, &removed, each->base))
			continue;
		if (!remove_digest(pruning, each->digest, &result, err) ||
		    !map_put(&removed, str_of(each->digest), pruning))
			return error_wrap(err, "the referrer %s", each->digest);
	}
	for (size_t i = 0; i < pruning->attached_count; i++) {
		const struct attached *each = &pruning->attached[i];
		if (cancel_requested())
			return error_canceled(err);
		if (!each->stays && is_gone(pruning, &removed, each->base) &&
		    !remove_attached(pruning, each, err))
			return error_wrap(err, "the tag %s", each->tag);
	}
	return true;
}

static void forget(const struct pruning *pruning)
{
	struct sync_state *state = state_keeper_state(pruning->run->session->keeper);
	struct reference name = pruning->of->name;
	for (size_t i = 0; state && i < pruning->count; i++) {
		name.tag = pruning->departures[i].tag;
		if (pruning->departures[i].gone)
			state_removed(state, &name, clock_unix());
	}
}

/* --- all of it ------------------------------------------------------------------------------ */

static size_t going(const struct pruning *pruning)
{
	size_t count = 0;
	for (size_t i = 0; i < pruning->count; i++)
		count += !pruning->departures[i].absent;
	return count;
}

static bool execute(struct pruning *pruning, struct error *err)
{
	if (pruning->run->options->dry_run) {
		for (size_t i = 0; i < pruning->count; i++)
			if (!pruning->departures[i].absent)
				tell(pruning, &pruning->departures[i], PRUNED_WOULD_REMOVE, NULL,
				     NULL);
		return true;
	}
	if (!remove_tags(pruning, err) || !remove_attachments(pruning, err))
		return false;
	forget(pruning);
	return true;
}

static void log_counts(const struct pruning *pruning)
{
	size_t verdicts[PRUNE_CHANGED + 1] = {0};
	scoped(buf_finish) struct buf text = {0};
	for (size_t i = 0; i < pruning->tag_count; i++)
		verdicts[pruning->tags[i].verdict]++;
	for (size_t i = 0; i < array_count(verdicts); i++)
		if (verdicts[i])
			buf_printf(&text, "%s%zu %s", text.len ? ", " : "", verdicts[i],
				   prune_verdict_name((enum prune_verdict)i));
	log_debug("prune: %s/%s has %zu tags: %s", pruning->of->name.host,
		  pruning->of->name.repository, pruning->tag_count, buf_string(&text));
}

static bool prune(struct pruning *pruning, struct error *err)
{
	scoped(map_finish) struct map written = {0};
	struct tag_list list;
	bool found;
	if (!find_written(pruning, &written, err))
		return false;
	if (!is_worth_it(pruning, &written))
		return true;
	if (!list_tags(pruning, &list, &found, err))
		return false;
	if (!found)
		return true;
	if (!judge(pruning, &written, &list, err) || !read_departures(pruning, err))
		return false;
	log_counts(pruning);
	size_t tags = pruning->tag_count - pruning->attached_count;
	if (!pruning->count)
		return true;
	return prune_allows(&pruning->of->terms, going(pruning), tags, pruning->of->selected_tags,
			    err) &&
	       find_needs(pruning, err) && execute(pruning, err);
}

bool prune_repository(struct run *run, const struct prune_repository *repository, struct error *err)
{
	scoped(pruning_finish) struct pruning pruning = {
		.run = run, .of = repository, .arena = arena_new()};
	closure_init(&pruning.needed, true);
	if (!pruning.arena)
		return error_memory(err);
	return store_at(&run->stores, &repository->name, &repository->rule->terms.creation,
			pruning.arena, &pruning.store, err) &&
	       prune(&pruning, err);
}
