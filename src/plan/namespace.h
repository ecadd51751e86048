/*
 * Rules for whole namespaces: a source with a slash and a star at its end stands for the
 * repositories one level below, with two stars for those at any depth. A list of tags may follow,
 * as behind a repository.
 *
 * Such a rule becomes one ordinary rule for each repository, as soon as their names are known. The
 * destination is a prefix, to which `names` says what is appended (config/rules/naming.h). Pure.
 */
#pragma once

#include "base/buf.h"
#include "config/problem.h"
#include "config/rules/rule.h"
#include "oci/reference.h"
#include "plan/namespace_item.h"

struct namespace_rule {
	const struct rule *rule; /* as written */
	struct reference source; /* host, and the path of the namespace; "": the whole registry */
	bool deep;               /* at any depth below it */
	struct str items;        /* what follows the namespace, with its ':'; or empty */
	struct reference destination; /* host and path of the prefix; "": the registry itself */
	struct reference referrers;   /* the host where referrers are as well, or NULL; path "" */
	const struct namespace_item *wanted, *unwanted;
	size_t wanted_count, unwanted_count;
};

/* True when source names a namespace. */
bool namespace_named(const char *source);
/*
 * Takes the rules for namespaces out of rules and parses them. All mistakes go to problems: also
 * fields about namespaces in a rule for a repository. False without memory only.
 */
bool namespace_parse(struct arena *arena, struct rules *rules, struct namespace_rule **out,
		     size_t *count, struct problems *problems);
/* Appends the whole path of the repository that item names. False without memory. */
bool namespace_path(const struct namespace_rule *namespace, const struct namespace_item *item,
		    struct buf *out);
/* True when the rule names each repository itself, so that nobody need list them. */
bool namespace_is_listed(const struct namespace_rule *namespace);
/*
 * Whether the rule means the repository of its registry with that whole path. ERROR_CONFIG: a
 * pattern takes too long.
 */
bool namespace_wants(const struct namespace_rule *namespace, struct str path, bool *wanted,
		     struct error *err);
/*
 * The ordinary rule for that repository. ERROR_CONFIG: its copy would have a name that is none.
 */
bool namespace_rule(struct arena *arena, const struct namespace_rule *namespace, struct str path,
		    struct rule *out, struct error *err);
