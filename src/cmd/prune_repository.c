/*
 * Tags go first, and what belongs to their images after them: an image whose tag cannot be removed
 * keeps its signatures. The state forgets a tag when all of that is done. So a run that is killed
 * in between, or fails, leaves a tag in the state that is not at the destination: the next run goes
 * on with what belongs to it.
 *
 * What other tags need is read from the registry, whatever this run or the state believe: each of
 * them, to the last manifest inside. If one cannot be read, nothing is removed.
 */
#include "cmd/prune_repository.h"

#include "base/clock.h"
#include "base/log.h"
#include "cmd/prune_private.h"
#include "cmd/state_keeper.h"
#include "oci/companion.h"
#include "registry/tags.h"

#include <string.h>

static void pruning_finish(struct pruning *pruning)
{
	for (size_t i = 0; i < pruning->count; i++)
		prune_closure_finish(&pruning->departures[i].inside);
	prune_closure_finish(&pruning->needed);
	map_finish(&pruning->bases);
	arena_free(&pruning->arena);
}

/* --- reports -------------------------------------------------------------------------------- */

void prune_repository_tell(const struct pruning *pruning, const struct departure *tag,
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
	prune_closure_init(&out->inside, false);
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

struct prune_tag *prune_repository_find(const struct pruning *pruning, const char *name)
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
		return prune_closure_note(&tag->inside, tag->digest, err) &&
		       prune_closure_add(&tag->inside, pruning->store, tag->digest, own, err);
	if (!prune_closure_add(&tag->inside, pruning->store, tag->tag, own, err))
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
		prune_repository_find(pruning, tag->tag)->verdict = PRUNE_CHANGED;
		prune_repository_tell(pruning, tag, PRUNED_LEFT, "changed",
				      "it holds another image than the one that was written");
	}
	/* Those behind stay in the array, since somebody has to finish them. */
	for (size_t i = left; i < pruning->count; i++)
		prune_closure_finish(&pruning->departures[i].inside);
	pruning->count = left;
	return true;
}

/* --- all of it ------------------------------------------------------------------------------ */

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
				prune_repository_tell(pruning, &pruning->departures[i],
						      PRUNED_WOULD_REMOVE, NULL, NULL);
		return true;
	}
	if (!prune_removal_run(pruning, err))
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
	       prune_needs(pruning, err) && execute(pruning, err);
}

bool prune_repository(struct run *run, const struct prune_repository *repository, struct error *err)
{
	scoped(pruning_finish) struct pruning pruning = {
		.run = run, .of = repository, .arena = arena_new()};
	prune_closure_init(&pruning.needed, true);
	if (!pruning.arena)
		return error_memory(err);
	return store_at(&run->stores, &repository->name, &rule_terms(repository->rule)->creation,
			pruning.arena, &pruning.store, err) &&
	       prune(&pruning, err);
}
