/*
 * A tag is remembered as soon as it is written: what fails after that, such as reading it back,
 * does not make it somebody else's.
 */
#include "copy/judge/remember.h"

#include "base/clock.h"

void remember_source(struct image *image)
{
	struct sync_state *state = image->copier->options.state;
	bool kept = false;
	int64_t seen =
		state ? state_see(state, &image->task->source, image->pinned, clock_unix(), &kept)
		      : 0;
	image->seen = kept ? seen : 0;
}

static struct reference destination_tag(const struct image *image, const char *tag)
{
	const struct reference *name = &image->task->destination;
	return (struct reference){.host = name->host, .repository = name->repository, .tag = tag};
}

void remember_written(const struct image *image, const char *tag, const char *digest)
{
	scoped(buf_finish) struct buf source = {0};
	struct sync_state *state = image->copier->options.state;
	const struct reference *from = &image->task->source;
	if (!state)
		return;
	buf_printf(&source, "%s/%s@%s", from->host, from->repository, image->pinned);
	const struct written_tag written = {.destination = destination_tag(image, tag),
					    .digest = digest,
					    .source = buf_ok(&source) ? source.at : NULL,
					    .when = clock_unix()};
	state_wrote(state, &written);
}

void remember_met(const struct image *image)
{
	struct sync_state *state = image->copier->options.state;
	const struct reference name = destination_tag(image, image->target.tag);
	if (state && name.tag)
		state_met(state, &name, clock_unix());
}
