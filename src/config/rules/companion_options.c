/* A key that cannot be read must end the run before it begins: it is there to keep images out. */
#include "config/rules/companion_options.h"

#include "base/file.h"

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

void companion_options_read(struct arena *arena, const struct options *options, struct terms *out,
			    struct problems *problems)
{
	const struct option_list *list = &options->referrers;
	struct companion_filter *filter = arena_new_of(arena, struct companion_filter);
	out->companions = filter;
	if (!filter)
		problem_add(problems, NULL, "out of memory");
	for (size_t i = 0; filter && i < list->count; i++)
		companion_options_words(filter, str_of(list->items[i]), "--referrers", NULL,
					problems);
	if (options->require_signed)
		out->signer = companion_options_signer(arena, options->require_signed,
						       "--require-signed", NULL, problems);
}
