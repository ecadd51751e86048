/*
 * Images are sorted by repository and destination, since rules are: what is named of one repository
 * is one list of tags for each of its rules.
 */
#include "cmd/narrowing.h"

#include "base/map.h"
#include "cmd/replan.h"
#include "config/serve/server_file.h"

/* What is named of a repository for one destination. */
struct named_part {
	struct narrow_image image; /* the first of them */
	const char **names;
	struct narrow_tags tags;
	struct rules rules;         /* that mean the repository */
	const struct rule *planned; /* the same, as they are in the run */
	size_t planned_count;
	struct error err;
	bool failed;
};

struct narrowing {
	struct arena *arena;
	const struct narrow *narrow;
	struct map parts; /* "host/repository&destination" -> struct named_part */
};

static bool part_key(const char *host, const char *repository, const char *destination,
		     struct buf *out)
{
	buf_printf(out, "%s/%s&%s", reference_common_host(host), repository, destination);
	return buf_ok(out);
}

static struct named_part *find(const struct narrowing *narrowing, const struct narrow_image *image)
{
	scoped(buf_finish) struct buf key = {0};
	return part_key(image->host, image->repository, image->destination, &key)
		       ? map_get(&narrowing->parts, buf_str(&key))
		       : NULL;
}

/* Counts an image: the tags of a part come later, when it is known how many there are. */
static bool count_image(struct narrowing *narrowing, const struct narrow_image *image)
{
	scoped(buf_finish) struct buf key = {0};
	if (!part_key(image->host, image->repository, image->destination, &key))
		return false;
	struct named_part *part = map_get(&narrowing->parts, buf_str(&key));
	if (!part) {
		part = arena_new_of(narrowing->arena, struct named_part);
		if (!part || !map_put(&narrowing->parts, buf_str(&key), part))
			return false;
		part->image = *image;
	}
	part->tags.count++;
	return true;
}

static bool add_tag(const struct narrowing *narrowing, const struct narrow_image *image)
{
	struct named_part *part = find(narrowing, image);
	if (!part)
		return false;
	if (!part->names) {
		part->names = arena_array(narrowing->arena, part->tags.count, sizeof(*part->names));
		part->tags = (struct narrow_tags){part->names, 0};
	}
	if (!part->names)
		return false;
	part->names[part->tags.count++] = image->tag;
	return true;
}

static bool add_all(struct narrowing *narrowing, const struct narrow_image *images, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!count_image(narrowing, &images[i]))
			return false;
	for (size_t i = 0; i < count; i++)
		if (!add_tag(narrowing, &images[i]))
			return false;
	return true;
}

struct narrowing *narrowing_new(struct arena *arena, const struct narrow *narrow,
				const struct narrow_image *images, size_t count)
{
	struct narrowing *narrowing = arena_new_of(arena, struct narrowing);
	if (!narrowing)
		return NULL;
	narrowing->arena = arena;
	narrowing->narrow = narrow;
	if (!add_all(narrowing, images, count))
		narrowing_free(&narrowing);
	return narrowing;
}

void narrowing_free(struct narrowing **narrowing)
{
	if (*narrowing)
		map_finish(&(*narrowing)->parts);
	*narrowing = NULL;
}

/* --- rules ------------------------------------------------------------------------------------ */

/* What no rule can be made for fails as one that names the repository. */
static bool report_part(struct run *run, const struct named_part *part)
{
	struct rule *rule = arena_new_of(run->arena, struct rule);
	if (!rule)
		return false;
	*rule = (struct rule){.source = arena_printf(run->arena, "%s/%s", part->image.host,
						     part->image.repository),
			      .destination = part->image.destination,
			      .source_place = "",
			      .destination_place = "",
			      .terms = &run->config.terms};
	if (!rule->source)
		return false;
	report_rule_failed(run->report, rule, &part->err);
	return true;
}

static bool find_rules(struct run *run, size_t *count)
{
	struct narrowing *narrowing = run->narrowing;
	for (size_t i = 0; i < narrowing->parts.count; i++) {
		struct named_part *part = narrowing->parts.entries[i].value;
		if (narrow_find(narrowing->narrow, &part->image, narrowing->arena, &part->rules,
				&part->err)) {
			*count += part->rules.count;
			continue;
		}
		part->failed = true;
		part->rules.count = 0;
		if (part->err.kind == ERROR_MEMORY || !report_part(run, part))
			return false;
	}
	return true;
}

bool narrowing_plan(struct run *run)
{
	const struct narrowing *narrowing = run->narrowing;
	struct rules all = {.count = 0};
	size_t most = 0;
	if (!find_rules(run, &most))
		return false;
	all.items = arena_array(run->arena, most + 1, sizeof(*all.items));
	if (!all.items)
		return false;
	for (size_t i = 0; i < narrowing->parts.count; i++) {
		struct named_part *part = narrowing->parts.entries[i].value;
		part->planned = &all.items[all.count];
		part->planned_count = part->rules.count;
		for (size_t j = 0; j < part->rules.count; j++)
			all.items[all.count++] = part->rules.items[j];
	}
	return replan_all(run, &all);
}

const struct narrow_tags *narrowing_tags(const struct run *run, const struct plan_rule *rule)
{
	const struct server_route *route = rule->rule->route;
	const struct narrow_image image = {.host = rule->source.name->host,
					   .repository = rule->source.name->repository,
					   .destination = route ? route->destination : ""};
	const struct named_part *part = find(run->narrowing, &image);
	return part ? &part->tags : NULL;
}

/* --- results ---------------------------------------------------------------------------------- */

/* Results by image. */
struct results {
	const struct narrowing *narrowing;
	struct map images; /* "host/repository&destination:tag" -> struct narrowing_result */
};

static void results_finish(struct results *results)
{
	map_finish(&results->images);
}

static bool image_key(const char *host, const char *repository, const char *destination,
		      const char *tag, struct buf *out)
{
	buf_printf(out, "%s/%s&%s:%s", reference_common_host(host), repository, destination, tag);
	return buf_ok(out);
}

static bool add_result(struct results *results, const struct narrow_image *image,
		       struct narrowing_result *out)
{
	scoped(buf_finish) struct buf key = {0};
	const struct named_part *part = find(results->narrowing, image);
	/* Each image has one: there was no memory to look for it. */
	if (!part)
		return false;
	*out = (struct narrowing_result){.found = part->failed || part->rules.count};
	if (part->failed) {
		out->failed = true;
		out->kind = part->err.kind;
		out->why = part->err.text;
	}
	return image_key(image->host, image->repository, image->destination, image->tag, &key) &&
	       map_put(&results->images, buf_str(&key), out);
}

static void take_outcome(struct narrowing_result *result, const struct outcome *outcome)
{
	if (outcome->status != OUTCOME_FAILED)
		result->done = true;
	else if (!result->failed) {
		result->failed = true;
		result->kind = outcome->error_kind;
		result->why = outcome->error_text;
	}
}

static const char *destination_of(const struct rule *rule)
{
	return rule->route ? rule->route->destination : "";
}

static bool take_image(const struct results *results, const struct tally_image *image)
{
	scoped(buf_finish) struct buf key = {0};
	const struct reference *source = &image->task->source;
	if (!image_key(source->host, source->repository, destination_of(image->task->rule),
		       source->tag ? source->tag : "", &key))
		return false;
	struct narrowing_result *result = map_get(&results->images, buf_str(&key));
	if (result)
		take_outcome(result, &image->outcome);
	return true;
}

static bool has_rule(const struct named_part *part, const struct rule *rule)
{
	for (size_t i = 0; i < part->planned_count; i++)
		if (&part->planned[i] == rule)
			return true;
	return false;
}

/* A rule that failed as a whole has failed for each tag of its repository. */
static bool take_rule(const struct results *results, const struct tally_image *image)
{
	const struct narrowing *narrowing = results->narrowing;
	const struct named_part *part = NULL;
	for (size_t i = 0; i < narrowing->parts.count && !part; i++)
		if (has_rule(narrowing->parts.entries[i].value, image->rule))
			part = narrowing->parts.entries[i].value;
	for (size_t i = 0; part && i < part->tags.count; i++) {
		scoped(buf_finish) struct buf key = {0};
		if (!image_key(part->image.host, part->image.repository, part->image.destination,
			       part->tags.items[i], &key))
			return false;
		struct narrowing_result *result = map_get(&results->images, buf_str(&key));
		if (result)
			take_outcome(result, &image->outcome);
	}
	return true;
}

bool narrowing_results(const struct narrowing *narrowing, const struct tally *tally,
		       const struct narrow_image *images, size_t count,
		       struct narrowing_result *out)
{
	scoped(results_finish) struct results results = {.narrowing = narrowing};
	struct tally_walk walk = tally_list_walk(&tally->list);
	for (size_t i = 0; i < count; i++)
		if (!add_result(&results, &images[i], &out[i]))
			return false;
	while (tally_list_next(&walk))
		if (walk.image.task ? !take_image(&results, &walk.image)
				    : !take_rule(&results, &walk.image))
			return false;
	/* An image that was counted but is not listed may be any of them. */
	return !tally->unlisted;
}
