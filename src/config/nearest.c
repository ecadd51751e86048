/*
 * A word is near enough if the edits are at most a third of the longer word, or only one: `passwd`
 * finds `password`, `user` finds `username` because it is its beginning, `x` finds nothing.
 */
#include "config/nearest.h"

enum { PREFIX_MIN = 3 };

static bool near(struct str text, struct str word, unsigned distance)
{
	size_t longer = text.len > word.len ? text.len : word.len;
	bool beginning = text.len >= PREFIX_MIN && str_equal(str_head(word, text.len), text);
	return beginning || (longer > 1 && distance <= (longer < 3 ? 1 : longer / 3));
}

const char *nearest_word(struct str text, const char *const *words, size_t count)
{
	const char *best = NULL;
	unsigned best_distance = 0;
	for (size_t i = 0; i < count; i++) {
		struct str word = str_of(words[i]);
		unsigned distance = str_distance(text, word);
		if (!near(text, word, distance) || (best && distance >= best_distance))
			continue;
		best = words[i];
		best_distance = distance;
	}
	return best;
}
