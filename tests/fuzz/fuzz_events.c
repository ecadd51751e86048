/*
 * What registries send when an image was pushed. The first byte chooses the kind, the rest of the
 * first line is the value of every header that is asked for ("-": there is none), and what follows
 * is the body.
 */
#include "fuzz.h"

#include "oci/reference.h"
#include "serve/events/events.h"
#include "serve/login.h"

static const char *header(const void *ctx, const char *name)
{
	(void)name;
	return ctx;
}

/* A name that was taken is the name of an image, and written in only one way. */
static void check_image(struct arena *arena, const struct event_image *image)
{
	struct reference ref;
	struct error err;
	char *text = arena_printf(arena, "%s/%s:%s", image->host ? image->host : "registry.invalid",
				  image->repository, image->tag);
	require(text && reference_parse(arena, str_of(text), &ref, &err));
	require(!ref.digest && strcmp(ref.tag, image->tag) == 0);
	require(strcmp(ref.repository, image->repository) == 0);
	require(!image->host || strcmp(ref.host, image->host) == 0);
}

static void check_proofs(const struct event_kind *kind, const struct event_message *message)
{
	static const struct login_options options = {
		.user = "u", .password = "a secret", .token = "another"};
	struct login_guard *login = login_new(&options);
	require(login);
	login_check(login, message->ctx);
	require(!kind->proves || !kind->proves(message, STR("")));
	if (kind->proves)
		kind->proves(message, STR("a secret"));
	login_free(&login);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str rest = input_text(data, size);
	size_t kinds = 0;
	struct event_images images;
	struct error err;
	require(arena);
	while (events_kind(kinds))
		kinds++;
	const struct event_kind *kind = events_kind(input_byte(&rest) % kinds);
	struct str line = input_part(&rest, '\n');
	const char *value = str_is(line, "-") ? NULL : input_string(arena, line);
	const struct event_message message = {.body = rest, .header = header, .ctx = value};
	check_proofs(kind, &message);
	if (!kind->read(arena, &message, &images, &err)) {
		require(err.kind == ERROR_CONFIG && input_printable(str_of(err.text)));
		return 0;
	}
	require(images.count <= EVENTS_IMAGES_MAX);
	require(!images.answer || input_printable(str_of(images.answer)));
	for (size_t i = 0; i < images.count && i < 16; i++)
		check_image(arena, &images.items[i]);
	return 0;
}
