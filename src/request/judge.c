/*
 * What is refused is decided by the name alone, before any request: size, signature and platforms
 * are terms of the rules, which the copy looks at.
 *
 * A tag beside a digest is left out. It would become the tag of the copy, and so whoever asks could
 * give any image of the repository any tag.
 */
#include "request/judge.h"

#include "base/map.h"
#include "config/auth/registry_key.h"
#include "config/rules/naming.h"
#include "oci/layout_name.h"

#include <string.h>

/* --- who asks --------------------------------------------------------------------------------- */

static bool among(const struct policy_words *words, const char *text)
{
	for (size_t i = 0; text && *text && i < words->count; i++)
		if (str_equal_nocase(str_of(words->items[i].text), str_of(text)))
			return true;
	return false;
}

static bool may_ask(const struct judge *judge)
{
	const struct policy *policy = judge->policy;
	const struct requester *who = &judge->requester;
	if (!policy->who || among(&policy->associations, who->association) ||
	    among(&policy->users, who->user))
		return true;
	for (size_t i = 0; i < who->team_count; i++)
		if (among(&policy->teams, who->teams[i]))
			return true;
	return false;
}

/* --- what is asked for ------------------------------------------------------------------------ */

/* Always true. */
static bool refuse(struct request_image *image, const char *why, const char *detail)
{
	image->state = REQUEST_REFUSED;
	image->why = why;
	image->detail = detail;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* False for addresses, and for names that mean something inside a network only. */
static bool is_public_name(const char *host)
{
	static const char *const inside[] = {".local", ".localhost", ".internal", ".intranet",
					     ".lan",   ".home",      ".corp",     ".arpa"};
	struct str name = str_head(str_of(host), str_find(str_of(host), ':'));
	if (host[0] == '[' || str_find(name, '.') == name.len || !is_letter(name.at[name.len - 1]))
		return false;
	for (size_t i = 0; i < array_count(inside); i++)
		if (str_ends(name, inside[i]))
			return false;
	return true;
}

/* A name with "xn--" stands for letters that look like others. */
static bool is_disguised(const char *host)
{
	return str_starts(str_of(host), "xn--") || strstr(host, ".xn--");
}

/* Refuses what the policy does not allow. False without memory. */
static bool forbid(const struct judge *judge, struct request_image *image)
{
	const struct reference *name = &image->image;
	const struct permit *permit, *denied;
	const char *like = registry_key_lookalike(str_of(name->host));
	if (!permit_find(&judge->allow, name, &permit) || !permit_find(&judge->deny, name, &denied))
		return false;
	bool named = permit && !permit_any_host(permit);
	/* Whatever the policy says: these are files of the machine that answers. */
	if (layout_name_host(name->host))
		return refuse(image, "it is no image of a registry", NULL);
	if (is_disguised(name->host) && !named)
		refuse(image, "the name of its registry stands for letters that look like others",
		       NULL);
	else if (like && !named)
		refuse(image, "its registry looks like a slip of", like);
	else if (denied)
		refuse(image, "the policy denies", denied->given->text);
	else if (!permit)
		refuse(image,
		       name->tag ? "the policy does not allow it"
				 : "the policy does not allow it by its digest",
		       NULL);
	else if (!named && !is_public_name(name->host))
		refuse(image,
		       "its registry may be inside a network, and the policy does not name it",
		       NULL);
	return true;
}

/* Where the image goes. False without memory; what would have no valid name is refused. */
static bool find_place(struct arena *arena, const struct policy *policy,
		       struct request_image *image)
{
	scoped(buf_finish) struct buf name = {0};
	struct str path = str_of(image->image.repository);
	const struct naming naming = {image->image.host, path, path};
	struct error err = {0};
	buf_printf(&name, "%s/%s%s", policy->to.host, policy->to.repository,
		   *policy->to.repository ? "/" : "");
	naming_add(policy->names, &naming, &name);
	image->source = reference_string(arena, &image->image);
	image->destination = buf_ok(&name) ? arena_string(arena, buf_string(&name)) : NULL;
	if (!image->source || !image->destination)
		return false;
	if (reference_parse(arena, str_of(image->destination), &image->copy, &err)) {
		image->copy.tag = image->image.tag;
		image->copy.digest = image->image.digest;
		return true;
	}
	return err.kind != ERROR_MEMORY &&
	       refuse(image, "its copy would have a name that is none", NULL);
}

/* Two images for one place: the first one gets it. */
static bool take_place(struct arena *arena, struct map *places, struct request_image *image)
{
	const char *place = reference_string(arena, &image->copy);
	const struct request_image *other = place ? map_get(places, str_of(place)) : NULL;
	if (!place)
		return false;
	if (!other)
		return map_put(places, str_of(place), image);
	return refuse(image, "its copy would have the same name as that of", other->source);
}

static bool judge_image(struct arena *arena, const struct judge *judge, struct map *places,
			struct request_image *image)
{
	const struct mention *mention = image->mention;
	image->image = mention->ref;
	if (!mention->ref.host)
		return refuse(image, "this is no name of an image:", mention->wrong);
	image->by_digest = image->image.tag && image->image.digest;
	if (image->by_digest)
		image->image.tag = NULL;
	if (!forbid(judge, image))
		return false;
	if (image->state == REQUEST_ACCEPTED && !find_place(arena, judge->policy, image))
		return false;
	return image->state == REQUEST_REFUSED || take_place(arena, places, image);
}

static void limit(const struct judge *judge, struct mirror_request *request)
{
	int64_t left = judge->policy->max_images;
	for (size_t i = 0; i < request->count; i++)
		if (request->items[i].state == REQUEST_ACCEPTED && left-- <= 0)
			refuse(&request->items[i],
			       "the policy does not allow that many images in one request", NULL);
}

bool judge_prepare(struct arena *arena, const struct policy *policy, struct judge *out,
		   struct problems *problems)
{
	*out = (struct judge){.policy = policy};
	return permit_parse(arena, &policy->allow, false, &out->allow, problems) &&
	       permit_parse(arena, &policy->deny, true, &out->deny, problems);
}

static void finish_map(struct map *map)
{
	map_finish(map);
}

bool judge_request(struct arena *arena, const struct judge *judge, const struct mentions *mentions,
		   struct mirror_request *out)
{
	scoped(finish_map) struct map places = {0};
	*out = (struct mirror_request){
		.items = arena_array(arena, mentions->count, sizeof(*out->items)),
		.count = mentions->count,
		.more = mentions->more,
		.barred = !may_ask(judge),
	};
	if (!out->items)
		return false;
	for (size_t i = 0; i < out->count; i++) {
		struct request_image *image = &out->items[i];
		*image = (struct request_image){.mention = &mentions->items[i],
						.state = REQUEST_ACCEPTED};
		if (out->barred)
			refuse(image, "whoever asks may not", NULL);
		else if (!judge_image(arena, judge, &places, image))
			return false;
	}
	limit(judge, out);
	return true;
}

bool judge_rules(struct arena *arena, const struct judge *judge,
		 const struct mirror_request *request, struct rules *out)
{
	*out = (struct rules){.items = arena_array(arena, request->count, sizeof(*out->items))};
	if (!out->items)
		return false;
	for (size_t i = 0; i < request->count; i++) {
		const struct request_image *image = &request->items[i];
		if (image->state != REQUEST_ACCEPTED)
			continue;
		const char *place =
			arena_printf(arena, "the request's line %d", image->mention->line);
		if (!place)
			return false;
		out->items[out->count++] = (struct rule){.source = image->source,
							 .destination = image->destination,
							 .source_place = place,
							 .destination_place = place,
							 .terms = &judge->policy->terms};
	}
	return true;
}
