/* A key that cannot be read must end the run before it begins: it is there to keep images out. */
#include "config/rules/companion_options.h"

#include "base/file.h"
#include "config/rules/referrers_from.h"

#include <string.h>

enum { KEY_FILE_MAX = 64 * 1024 };

void companion_options_words(struct companion_filter *filter, struct str text, const char *what,
			     const char *place, struct problems *problems)
{
	struct str word;
	while (str_cut(&text, ',', &word)) {
		word = str_trim(word);
		if (word.len && companion_filter_add(filter, word))
			continue;
		problem_add(problems, place,
			    "%s: \"%.*s\": write all, signatures, attestations, sboms or an "
			    "artifact type as in application/spdx+json",
			    what, STR_ARGS(str_head(word, 100)));
	}
}

struct signer *companion_options_signer(struct arena *arena, const char *path, const char *what,
					const char *place, struct problems *problems)
{
	scoped(buf_finish) struct buf text = buf_limit(KEY_FILE_MAX);
	struct signer *signer = arena_new_of(arena, struct signer);
	struct error err;
	if (!signer)
		error_memory(&err);
	else if (file_read(path, &text, &err) &&
		 public_key_parse(buf_str(&text), &signer->key, &err)) {
		signer->key.place = arena_string(arena, path);
		if (signer->key.place)
			return signer;
		error_memory(&err);
	}
	problem_add(problems, place, "%s %s: %s", what, path, err.text);
	return NULL;
}

void companion_options_join(struct arena *arena, struct terms *out, const char *place,
			    struct problems *problems)
{
	struct companion_filter *joined;
	if (!out->demanded)
		return;
	joined = arena_new_of(arena, struct companion_filter);
	if (joined && out->companions)
		*joined = *out->companions;
	if (!joined)
		problem_add(problems, place, "out of memory");
	else if (!companion_filter_join(joined, out->demanded))
		problem_add(problems, place,
			    "referrers and require-referrers together have more than %d artifact "
			    "types",
			    COMPANION_TYPES_MAX);
	out->companions = joined;
}

/* The types that an option names; NULL without memory. */
static const struct companion_filter *read_types(struct arena *arena,
						 const struct option_list *list, const char *option,
						 struct problems *problems)
{
	struct companion_filter *filter = arena_new_of(arena, struct companion_filter);
	if (!filter)
		problem_add(problems, NULL, "out of memory");
	for (size_t i = 0; filter && i < list->count; i++)
		companion_options_words(filter, str_of(list->items[i]), option, NULL, problems);
	return filter;
}

void companion_options_read(struct arena *arena, const struct options *options, struct terms *out,
			    struct problems *problems)
{
	struct error err;
	out->companions = read_types(arena, &options->referrers, "--referrers", problems);
	if (options->require_referrers.count)
		out->demanded = read_types(arena, &options->require_referrers,
					   "--require-referrers", problems);
	companion_options_join(arena, out, NULL, problems);
	if (options->referrers_from && !referrers_from_check(options->referrers_from, &err))
		problem_add(problems, NULL, "--%s", err.text);
	else
		out->referrers_from = options->referrers_from;
	if (options->require_signed)
		out->signer = companion_options_signer(arena, options->require_signed,
						       "--require-signed", NULL, problems);
}
