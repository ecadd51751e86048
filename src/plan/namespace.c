/* A namespace and the prefix of a destination are parsed alike (config/rules/prefix.h). */
#include "plan/namespace.h"

#include "config/rules/naming.h"
#include "config/rules/prefix.h"
#include "config/rules/referrers_from.h"
#include "oci/layout_name.h"

#include <string.h>

enum { QUOTE_MAX = 300 };

/* Where the stars are in a source, and what surrounds them. */
struct wildcard {
	struct str before; /* the namespace, without its last '/' */
	struct str behind; /* ":v1,v2", or empty */
	bool deep;
};

/* True when a pattern of tags begins in text, in which stars mean something else. */
static bool has_pattern(struct str text)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.at[i] == ':' && text.at[i + 1] == '/')
			return true;
	return false;
}

/* Looks for a '/' and one or two stars that nothing or a ':' follows. */
static bool find_wildcard(struct str text, struct wildcard *out)
{
	for (size_t i = 0; i + 1 < text.len; i++) {
		struct str rest = str_from(text, i);
		bool deep = str_starts(rest, "/**");
		struct str behind = str_from(rest, deep ? 3 : 2);
		if (!str_starts(rest, "/*") || (behind.len && behind.at[0] != ':'))
			continue;
		*out = (struct wildcard){str_head(text, i), behind, deep};
		return !has_pattern(str_from(out->before, layout_name_scheme(text)));
	}
	return false;
}

bool namespace_named(const char *source)
{
	struct wildcard ignored;
	return find_wildcard(str_of(source), &ignored);
}

/* --- parsing -------------------------------------------------------------------------------- */

struct namespace_reading {
	struct arena *arena;
	struct problems *problems;
	bool memory; /* it ran out */
};

static void complain(struct namespace_reading *reading, const char *place, const char *what,
		     const struct error *err)
{
	if (err->kind == ERROR_MEMORY)
		reading->memory = true;
	else
		problem_add(reading->problems, place, "%s%s", what, err->text);
}

static bool parse_item(struct namespace_reading *reading, const struct placed *placed,
		       struct namespace_item *out)
{
	struct error err = {0};
	if (namespace_item_parse(reading->arena, placed->text, out, &err))
		return true;
	complain(reading, placed->place, "", &err);
	return false;
}

static bool parse_items(struct namespace_reading *reading, const struct placed *placed,
			size_t count, const struct namespace_item **out)
{
	bool good = true;
	struct namespace_item *items = arena_array(reading->arena, count, sizeof(*items));
	reading->memory |= !items;
	*out = items;
	for (size_t i = 0; items && i < count; i++)
		good &= parse_item(reading, &placed[i], &items[i]);
	return good && items;
}

static bool check_names(struct namespace_reading *reading, const struct placed *names)
{
	struct error err = {0};
	if (!names->text || naming_check(names->text, &err))
		return true;
	complain(reading, names->place, "", &err);
	return false;
}

/* Under one star, a repository further down is never reached. */
static bool check_depth(struct namespace_reading *reading, const struct namespace_rule *rule,
			const struct placed *placed)
{
	for (size_t i = 0; !rule->deep && rule->wanted && i < rule->wanted_count; i++) {
		struct str name = rule->wanted[i].name;
		if (rule->wanted[i].pattern || str_find(name, '/') == name.len)
			continue;
		problem_add(reading->problems, placed[i].place,
			    "\"%.100s\" is further down than /* reaches: write /** at the end of "
			    "the source",
			    placed[i].text);
		return false;
	}
	return true;
}

static bool parse_gather(struct namespace_reading *reading, const struct gather *gather,
			 struct namespace_rule *out)
{
	if (!gather)
		return true;
	out->wanted_count = gather->repository_count;
	out->unwanted_count = gather->excluded_count;
	bool good = parse_items(reading, gather->repositories, out->wanted_count, &out->wanted);
	good &= parse_items(reading, gather->excluded, out->unwanted_count, &out->unwanted);
	good = good && check_depth(reading, out, gather->repositories);
	return check_names(reading, &gather->names) && good;
}

/*
 * A route may be about all of Docker Hub: nobody lists it, since hooks name each image, with its
 * namespace.
 */
static bool is_whole_hub(const struct rule *rule, struct str text, struct reference *out)
{
	if (!rule->route || (!str_equal_nocase(text, STR("docker.io")) &&
			     !str_equal_nocase(text, STR("index.docker.io"))))
		return false;
	*out = (struct reference){.host = "docker.io", .repository = ""};
	return true;
}

static bool parse_destination(struct namespace_reading *reading, const struct rule *rule,
			      struct namespace_rule *out)
{
	struct error err = {0};
	struct str text = str_of(rule->destination);
	if (is_whole_hub(rule, text, &out->destination) ||
	    prefix_parse(reading->arena, text, &out->destination, &err))
		return true;
	complain(reading, rule->destination_place, "destination ", &err);
	return false;
}

static bool parse_source(struct arena *arena, struct str text, struct reference *out,
			 struct error *err)
{
	struct str shown = str_head(text, QUOTE_MAX);
	if (str_find(text, '*') < text.len)
		return error_set(
			err, ERROR_CONFIG,
			"\"%.*s\": stars are allowed only at the end of a source, and only a list "
			"of tags may follow them",
			STR_ARGS(shown));
	if (prefix_parse(arena, text, out, err))
		return true;
	if (str_is(text, "docker.io") || str_is(text, "index.docker.io"))
		return error_set(
			err, ERROR_CONFIG,
			"\"%.*s\": Docker Hub cannot be listed as a whole: write "
			"docker.io/NAMESPACE/*, or docker.io/library/* for the official images",
			STR_ARGS(shown));
	return false;
}

/* The host where referrers are as well is the same for all repositories. */
static bool parse_referrers(struct namespace_reading *reading, const struct rule *rule,
			    struct namespace_rule *out)
{
	const struct reference any = {.host = out->source.host, .repository = "any/repository"};
	const char *from = rule_terms(rule)->referrers_from;
	struct error err = {0};
	bool good = !from || referrers_from_name(reading->arena, from, &any, &out->referrers, &err);
	if (!good)
		complain(reading, rule->source_place, "", &err);
	if (from)
		out->referrers.repository = "";
	return good;
}

static bool parse_rule(struct namespace_reading *reading, const struct rule *rule,
		       struct namespace_rule *out)
{
	struct error err = {0};
	struct wildcard wildcard = {0};
	(void)find_wildcard(str_of(rule->source), &wildcard);
	*out = (struct namespace_rule){
		.rule = rule, .deep = wildcard.deep, .items = wildcard.behind};
	bool good = is_whole_hub(rule, wildcard.before, &out->source) ||
		    parse_source(reading->arena, wildcard.before, &out->source, &err);
	if (!good)
		complain(reading, rule->source_place, "source ", &err);
	good = good && parse_referrers(reading, rule, out);
	good &= parse_destination(reading, rule, out);
	return parse_gather(reading, rule->gather, out) && good;
}

static void refuse_gather(struct problems *problems, const struct rule *rule)
{
	problem_add(problems, rule->gather->place,
		    "%.*s is a repository: repositories, exclude-repositories, names, via and "
		    "allow-empty are for a namespace, as in quay.io/coreos/*",
		    QUOTE_MAX, rule->source);
}

bool namespace_parse(struct arena *arena, struct rules *rules, struct namespace_rule **out,
		     size_t *count, struct problems *problems)
{
	struct namespace_reading reading = {.arena = arena, .problems = problems};
	struct rule *all = rules->items;
	struct rule *taken = arena_array(arena, rules->count, sizeof(*taken));
	size_t left = 0;
	*count = 0;
	*out = arena_array(arena, rules->count, sizeof(**out));
	if (!taken || !*out)
		return false;
	for (size_t i = 0; i < rules->count; i++) {
		if (!namespace_named(all[i].source)) {
			if (all[i].gather)
				refuse_gather(problems, &all[i]);
			all[left++] = all[i];
			continue;
		}
		taken[*count] = all[i];
		if (parse_rule(&reading, &taken[*count], &(*out)[*count]))
			++*count;
	}
	rules->count = left;
	return !reading.memory;
}

/* --- which repositories --------------------------------------------------------------------- */

bool namespace_path(const struct namespace_rule *namespace, const struct namespace_item *item,
		    struct buf *out)
{
	const char *path = namespace->source.repository;
	buf_printf(out, "%s%s%.*s", path, *path ? "/" : "", STR_ARGS(item->name));
	return buf_ok(out);
}

bool namespace_is_listed(const struct namespace_rule *namespace)
{
	for (size_t i = 0; i < namespace->wanted_count; i++)
		if (namespace->wanted[i].pattern)
			return false;
	return namespace->wanted_count > 0;
}

/* The part of path below the namespace; empty: it is not in there. */
static struct str below(const struct namespace_rule *namespace, struct str path)
{
	size_t prefix = strlen(namespace->source.repository);
	if (!prefix)
		return path;
	if (path.len <= prefix + 1 || !str_starts(path, namespace->source.repository) ||
	    path.at[prefix] != '/')
		return (struct str){0};
	return str_from(path, prefix + 1);
}

bool namespace_wants(const struct namespace_rule *namespace, struct str path, bool *wanted,
		     struct error *err)
{
	struct str name = below(namespace, path);
	bool unwanted = false;
	*wanted = name.len && (namespace->deep || str_find(name, '/') == name.len);
	if (!*wanted)
		return true;
	if (namespace->wanted_count &&
	    !namespace_item_find(namespace->wanted, namespace->wanted_count, name, wanted, err))
		return false;
	if (!namespace_item_find(namespace->unwanted, namespace->unwanted_count, name, &unwanted,
				 err))
		return false;
	*wanted = *wanted && !unwanted;
	return true;
}

/* --- what becomes of them ------------------------------------------------------------------- */

/* Appends what the copy of the repository is called below the prefix. */
static void add_name(const struct namespace_rule *namespace, struct str path, struct buf *out)
{
	const struct gather *gather = namespace->rule->gather;
	const struct naming naming = {namespace->source.host, path, below(namespace, path)};
	naming_add(gather ? gather->names.text : NULL, &naming, out);
}

bool namespace_rule(struct arena *arena, const struct namespace_rule *namespace, struct str path,
		    struct rule *out, struct error *err)
{
	scoped(buf_finish) struct buf source = {0}, destination = {0};
	const struct reference *prefix = &namespace->destination;
	struct reference name;
	buf_printf(&source, "%s/%.*s%.*s", namespace->source.host, STR_ARGS(path),
		   STR_ARGS(namespace->items));
	buf_printf(&destination, "%s/%s%s", prefix->host, prefix->repository,
		   *prefix->repository ? "/" : "");
	add_name(namespace, path, &destination);
	*out = *namespace->rule;
	out->gather = NULL;
	out->source = buf_ok(&source) ? arena_string(arena, source.at) : NULL;
	out->destination = buf_ok(&destination) ? arena_string(arena, destination.at) : NULL;
	if (!out->source || !out->destination)
		return error_memory(err);
	return reference_parse(arena, str_of(out->destination), &name, err) ||
	       error_wrap(err, "the copy of %s/%.*s", namespace->source.host, STR_ARGS(path));
}
