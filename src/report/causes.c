/* There are as many causes as servers that fail, so a short list is searched for each failure. */
#include "report/causes.h"

#include "base/log.h"

#include <string.h>

static struct cause *find(struct causes *causes, const char *text)
{
	for (size_t i = 0; i < causes->count; i++)
		if (strcmp(causes->items[i].text, text) == 0)
			return &causes->items[i];
	return NULL;
}

/* True for a failure that a summary lists. */
static bool is_listed(const struct tally_image *image)
{
	return image->outcome.status == OUTCOME_FAILED && !image->unfinished;
}

void causes_collect(const struct tally *tally, struct causes *out)
{
	struct tally_walk walk = tally_list_walk(&tally->list);
	size_t kept = 0;
	out->count = 0;
	while (tally_list_next(&walk)) {
		const char *text = tally_shared(&walk.image);
		struct cause *cause = *text && is_listed(&walk.image) ? find(out, text) : NULL;
		if (cause)
			cause->count++;
		else if (*text && is_listed(&walk.image) && out->count < CAUSES_MAX)
			out->items[out->count++] = (struct cause){text, 1};
	}
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i].count > 1)
			out->items[kept++] = out->items[i];
	out->count = kept;
}

const struct cause *causes_of(const struct causes *causes, const struct tally_image *image)
{
	const char *text = is_listed(image) ? tally_shared(image) : "";
	for (size_t i = 0; *text && i < causes->count; i++)
		if (strcmp(causes->items[i].text, text) == 0)
			return &causes->items[i];
	return NULL;
}

void causes_print(const struct cause *cause, size_t limit, struct buf *out)
{
	buf_printf(out, "%zu images: ", cause->count);
	log_clean(str_of(cause->text), limit, out);
}
