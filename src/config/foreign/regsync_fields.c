/*
 * Most of what has no counterpart changes no image at the destination. What would be copied beyond
 * what the file asks for, or lost, is refused.
 */
#include "config/foreign/regsync_fields.h"

const struct field regsync_fields[REGSYNC_FIELDS] = {
	[REGSYNC_SOURCE] = {"source", FIELDS_TEXT, "what is copied"},
	[REGSYNC_TARGET] = {"target", FIELDS_TEXT, "where it goes"},
	[REGSYNC_TYPE] = {"type", FIELDS_TEXT, "image, repository or registry"},
	[REGSYNC_TAGS] = {"tags", FIELDS_MAP, "which tags of a repository"},
	[REGSYNC_TAG_SETS] = {"tagSets", FIELDS_MIXED, "several selections of tags"},
	[REGSYNC_REPOS] = {"repos", FIELDS_MAP, "which repositories of a registry"},
	[REGSYNC_PLATFORM] = {"platform", FIELDS_TEXT, "one platform in place of an index"},
	[REGSYNC_PLATFORMS] = {"platforms", FIELDS_TEXTS, "only these platforms"},
	[REGSYNC_BACKUP] = {"backup", FIELDS_TEXT, "where a replaced image is kept"},
	[REGSYNC_INTERVAL] = {"interval", FIELDS_TEXT, "how often the step runs"},
	[REGSYNC_SCHEDULE] = {"schedule", FIELDS_TEXT, "when the step runs"},
	[REGSYNC_RATE_LIMIT] = {"ratelimit", FIELDS_MAP, "how many pulls are left alone"},
	[REGSYNC_DIGEST_TAGS] = {"digestTags", FIELDS_SWITCH, "tags that attach signatures"},
	[REGSYNC_REFERRERS] = {"referrers", FIELDS_SWITCH, "what refers to an image"},
	[REGSYNC_REFERRER_FILTERS] = {"referrerFilters", FIELDS_MIXED, "which referrers"},
	[REGSYNC_REFERRER_SOURCE] = {"referrerSource", FIELDS_TEXT, "where referrers are read"},
	[REGSYNC_REFERRER_TARGET] = {"referrerTarget", FIELDS_TEXT, "where referrers go"},
	[REGSYNC_REFERRER_SLOW] = {"referrerSlow", FIELDS_SWITCH, "how referrers are found"},
	[REGSYNC_FAST_CHECK] = {"fastCheck", FIELDS_SWITCH, "equal digests are enough"},
	[REGSYNC_FORCE_RECURSIVE] = {"forceRecursive", FIELDS_SWITCH,
				     "equal digests are not enough"},
	[REGSYNC_INCLUDE_EXTERNAL] = {"includeExternal", FIELDS_SWITCH,
				      "layers that are elsewhere"},
	[REGSYNC_MEDIA_TYPES] = {"mediaTypes", FIELDS_MIXED, "which manifests"},
	[REGSYNC_HOOKS] = {"hooks", FIELDS_MAP, "commands around the step"},
	[REGSYNC_PARALLEL] = {"parallel", FIELDS_TEXT, "images at the same time"},
	[REGSYNC_BLOB_LIMIT] = {"blobLimit", FIELDS_TEXT, "the largest blob in memory"},
	[REGSYNC_CACHE_COUNT] = {"cacheCount", FIELDS_TEXT, "the size of a cache"},
	[REGSYNC_CACHE_TIME] = {"cacheTime", FIELDS_TEXT, "the age of a cache"},
	[REGSYNC_SKIP_DOCKER_CONFIG] = {"skipDockerConfig", FIELDS_SWITCH,
					"docker's logins are not used"},
	[REGSYNC_USER_AGENT] = {"userAgent", FIELDS_TEXT, "how requests call the program"},
};

enum limit_field { MIN, RETRY, LIMIT_FIELDS };

static const struct field limit_fields[LIMIT_FIELDS] = {
	[MIN] = {"min", FIELDS_TEXT, "pulls that are left alone"},
	[RETRY] = {"retry", FIELDS_TEXT, "the time until the next question"},
};

static const struct fields_table limit_table = {.fields = limit_fields, .count = LIMIT_FIELDS};

bool regsync_fields_true(struct translation *translation, enum regsync_field field,
			 const struct node *const *values)
{
	const struct fields_reading reading = translation_reading(translation);
	return fields_switch(&reading, &regsync_fields[field], values[field], false);
}

static void tell_backup(struct translation *translation, const struct node *backup)
{
	if (!backup || (backup->kind == NODE_STRING && !backup->text.len))
		return;
	if (translation->backup_settled)
		translation_lose(translation, backup,
				 "backup is ignored: --on-change says what becomes of an image "
				 "that would be replaced");
	else
		translation_refuse(
			translation, backup,
			"backup has no counterpart, and images would be replaced without "
			"one: give --on-change fail, skip or retag, which keep them "
			"under their tags, or --on-change overwrite");
}

static void tell_media_types(struct translation *translation, const struct node *types)
{
	static const char *const usual[] = {
		"application/vnd.docker.distribution.manifest.v2+json",
		"application/vnd.docker.distribution.manifest.list.v2+json",
		"application/vnd.oci.image.manifest.v1+json",
		"application/vnd.oci.image.index.v1+json"};
	size_t found = 0;
	if (!types || types->kind == NODE_NULL || (types->kind == NODE_LIST && !types->count))
		return;
	if (!translation_expect_list(translation, types, "mediaTypes"))
		return;
	for (size_t i = 0; i < array_count(usual); i++)
		for (size_t each = 0; each < types->count; each++)
			found += str_is(types->items[each]->text, usual[i]);
	if (found < array_count(usual))
		translation_refuse(translation, types,
				   "mediaTypes leaves some images out, which cannot be said here: "
				   "remove it to copy all of them");
	else
		translation_remark(translation, types,
				   "mediaTypes is not needed: images of all types are copied");
}

/* Fields that have no counterpart: most of them change no image at the destination. */
void regsync_fields_tell(struct translation *translation, const struct node *const *values)
{
	static const struct {
		enum regsync_field field;
		bool remark;
		const char *text;
	} losses[] = {
		{REGSYNC_REFERRER_SLOW, false,
		 "referrerSlow is ignored: referrers are found by the "
		 "registry's API or its fallback tags"},
		{REGSYNC_HOOKS, false, "hooks are ignored: for messages after a run see --notify"},
		{REGSYNC_USER_AGENT, false, "userAgent is ignored: it cannot be set"},
		{REGSYNC_PARALLEL, true,
		 "parallel is not needed: --proc counts blobs under way, and the "
		 "rate of requests adapts to each registry"},
		{REGSYNC_BLOB_LIMIT, true,
		 "blobLimit is not needed: blobs are never held in memory"},
		{REGSYNC_CACHE_COUNT, true,
		 "cacheCount is not needed: within a run each manifest is read "
		 "once"},
		{REGSYNC_CACHE_TIME, true,
		 "cacheTime is not needed: within a run each manifest is read "
		 "once"},
	};
	for (size_t i = 0; i < array_count(losses); i++) {
		const struct node *node = values[losses[i].field];
		if (node && losses[i].remark)
			translation_remark(translation, node, "%s", losses[i].text);
		else if (node)
			translation_lose(translation, node, "%s", losses[i].text);
	}
	tell_backup(translation, values[REGSYNC_BACKUP]);
	tell_media_types(translation, values[REGSYNC_MEDIA_TYPES]);
	if (regsync_fields_true(translation, REGSYNC_FAST_CHECK, values))
		translation_remark(translation, values[REGSYNC_FAST_CHECK],
				   "fastCheck is not needed: an image with an equal digest is in "
				   "sync");
	if (regsync_fields_true(translation, REGSYNC_FORCE_RECURSIVE, values))
		translation_lose(translation, values[REGSYNC_FORCE_RECURSIVE],
				 "forceRecursive is ignored: --force pushes every manifest again");
	if (regsync_fields_true(translation, REGSYNC_SKIP_DOCKER_CONFIG, values))
		translation_lose(translation, values[REGSYNC_SKIP_DOCKER_CONFIG],
				 "skipDockerConfig is ignored: give --docker-config false to do "
				 "without docker's logins");
	const struct node *target = values[REGSYNC_REFERRER_TARGET];
	if (target && target->text.len)
		translation_refuse(translation, target,
				   "referrerTarget has no counterpart: referrers go where their "
				   "image goes");
}

/* The pulls to be left alone hold for a run, so the largest number counts. */
void regsync_fields_limit(struct translation *translation, const struct node *limit)
{
	const struct fields_reading reading = translation_reading(translation);
	const struct node *values[LIMIT_FIELDS];
	int64_t min, before = 0;
	if (!limit || limit->kind == NODE_NULL ||
	    !translation_expect_map(translation, limit, "ratelimit"))
		return;
	fields_collect(&reading, &limit_table, limit, values);
	if (values[RETRY])
		translation_remark(
			translation, values[RETRY],
			"retry is not needed: a run does not wait for the limit, and the "
			"next run copies what is left");
	if (!values[MIN])
		return;
	if (!str_to_int64(values[MIN]->text, &min) || min > 1000000) {
		translation_refuse(translation, values[MIN], "min must be a number of pulls");
		return;
	}
	struct node *known = (struct node *)(uintptr_t)node_get(translation->options, "keep-pulls");
	struct node *text = translation_text(translation, values[MIN], values[MIN]->text);
	if (known && str_to_int64(known->text, &before) && before >= min)
		return;
	if (known && text)
		*known = *text;
	else if (min)
		translation_set(translation, translation->options, "keep-pulls", text);
}
