/*
 * A name such as registry.example.com/state.json may mean either. Without a tag it is refused
 * rather than guessed: a file that nobody finds, or an image that nobody asked for, would be an
 * empty state in each run.
 */
#include "config/state_place.h"

#include "base/path.h"
#include "oci/layout_name.h"

#include <string.h>

/* True for a folder of images, and when what is before the first / can be a registry's host. */
static bool names_host(struct str text)
{
	if (layout_name_scheme(text))
		return true;
	struct str host = str_head(text, str_find(text, '/'));
	return host.len < text.len &&
	       (str_is(host, "localhost") || str_find(host, '.') < host.len ||
		str_find(host, ':') < host.len);
}

static bool parse_image(struct arena *arena, const char *text, struct state_place *out,
			struct error *err)
{
	if (!reference_parse(arena, str_of(text), &out->image, err))
		return error_wrap(err,
				  "neither a file nor a repository (a file begins with / or ./)");
	if (layout_name_archived(out->image.host))
		return error_set(err, ERROR_CONFIG,
				 "%.300s: nothing is added to an archive: write oci:FOLDER:TAG, or "
				 "./FILE",
				 text);
	if (out->image.tag && !out->image.digest)
		return true;
	if (out->image.digest)
		return error_set(err, ERROR_CONFIG,
				 "%.300s: a digest never changes, and a state does: write "
				 "HOST/PATH:TAG",
				 text);
	return error_set(err, ERROR_CONFIG,
			 "%.300s: write ./%.300s for a file, or %.300s:TAG for a repository", text,
			 text, text);
}

const char *state_place_file(const char *text)
{
	bool image = text && text[0] != '/' && text[0] != '.' && names_host(str_of(text));
	return image ? NULL : text;
}

bool state_place_parse(struct arena *arena, const char *text, struct state_place *out,
		       struct error *err)
{
	*out = (struct state_place){0};
	if (path_descriptor(text) >= 0)
		return error_set(err, ERROR_CONFIG,
				 "%.300s: a state is read and written: name a file, as in "
				 "./state.json",
				 text);
	if (!state_place_file(text))
		return parse_image(arena, text, out, err);
	if (str_starts(str_of(text), "docker:"))
		return error_set(err, ERROR_CONFIG,
				 "%.300s: write HOST/PATH:TAG for a repository, or ./FILE", text);
	if (text[strlen(text) - 1] == '/')
		return error_set(err, ERROR_CONFIG,
				 "%.300s is a folder: name a file in it, as in "
				 "%.300sstate.json",
				 text, text);
	out->file = text;
	return true;
}
