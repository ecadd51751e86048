/*
 * What a payload says is compared with the rules and nothing else. A registry is answered with
 * success even if no rule means its image: some give up a hook that fails a few times.
 */
#include "serve/event.h"

#include "oci/reference.h"
#include "serve/events/events.h"
#include "serve/wish.h"

#include <string.h>

static const char *header_of(const void *ctx, const char *name)
{
	return listener_header(ctx, name);
}

static struct event_message event_message(const struct asking *asking)
{
	return (struct event_message){listener_body(asking->request), header_of, asking->request};
}

const char event_path[] = "/events/";

/* The parts of /events/KIND and /events/KIND/SECRET. */
static bool split(const char *path, struct str *kind, struct str *secret)
{
	struct str rest = str_of(path);
	*kind = *secret = (struct str){0};
	if (!str_starts(rest, event_path))
		return false;
	rest = str_from(rest, strlen(event_path));
	str_cut(&rest, '/', kind);
	*secret = rest;
	return true;
}

static const struct server_events *settings(const struct asking *asking, struct str kind)
{
	const struct server_config *config = asking->rules->config;
	for (size_t i = 0; i < config->event_count; i++)
		if (str_is(kind, config->events[i].kind))
			return &config->events[i];
	return NULL;
}

bool event_proves(const struct asking *asking)
{
	struct str kind, secret;
	if (!split(asking->path, &kind, &secret))
		return false;
	const struct server_events *given = settings(asking, kind);
	const struct event_kind *known = events_find(kind);
	if (!known || !given || !given->secret)
		return false;
	const struct event_message message = event_message(asking);
	return (secret.len && login_equal(secret, str_of(given->secret))) ||
	       (known->proves && known->proves(&message, str_of(given->secret)));
}

/* Parses what a payload calls an image. registry: host, or host and prefix; NULL: unknown. */
static bool image_of(struct arena *arena, const struct event_image *image, const char *registry,
		     struct hook_image *out, struct error *err)
{
	struct reference name;
	const char *host = registry ? registry : image->host;
	if (!host)
		return error_set(err, ERROR_CONFIG,
				 "the event does not say of which registry it is: give registry "
				 "for its kind below events in the server's file");
	const char *whole = arena_printf(arena, "%s/%s", host, image->repository);
	if (!whole)
		return error_memory(err);
	if (!reference_parse(arena, str_of(whole), &name, err))
		return false;
	if (name.tag || name.digest || !reference_tag_valid(str_of(image->tag)))
		return error_set(err, ERROR_CONFIG, "\"%.150s\" is no tag", image->tag);
	*out = (struct hook_image){reference_common_host(name.host), name.repository, image->tag};
	return true;
}

void event_serve(const struct asking *asking)
{
	struct str name, secret;
	struct event_images images = {0};
	struct error err = {0};
	struct hook_image image;
	(void)split(asking->path, &name, &secret);
	const struct event_kind *kind = events_find(name);
	struct wish *wish = arena_new_of(asking_arena(asking), struct wish);
	if (!kind) {
		asking_answer_error(asking, 404, "no such kind of events");
		return;
	}
	if (!wish) {
		asking_answer_later(asking, "out of memory");
		return;
	}
	const struct server_events *given = settings(asking, name);
	const struct event_message message = event_message(asking);
	const char *registry = given ? given->registry : NULL;
	wish->asking = *asking;
	wish->asking.path = kind->name;
	if (!kind->read(asking_arena(asking), &message, &images, &err)) {
		asking_refuse(&wish->asking, 400, &err);
		return;
	}
	if (images.answer) {
		asking_answer(asking, 200, asking_json, str_of(images.answer));
		return;
	}
	wish->others = images.others;
	for (size_t i = 0; i < images.count; i++) {
		struct event_image *each = &images.items[i];
		if (!each->host)
			each->host = kind->host;
		if (!image_of(asking_arena(asking), each, registry, &image, &err) ||
		    !wish_add(wish, &image, &err)) {
			asking_refuse(&wish->asking, 400, &err);
			return;
		}
	}
	if (!wish_queue(wish))
		wish_answer(wish, 200);
}
