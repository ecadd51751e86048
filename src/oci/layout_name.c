/*
 * A path is used as it is written, but for what makes no difference: extra slashes and dots. ".."
 * inside of it would lead somewhere else if the folder before it is a link, so it stands only at
 * the beginning, where it does what everybody expects.
 *
 * What separates tags from folders, and items of a list from each other, is no part of a folder's
 * name: a mistake such as oci:C:/x must not become a tag "/x".
 */
#include "oci/layout_name.h"

#include "base/utf8.h"

#include <limits.h>
#include <string.h>

#define ARCHIVE "oci-archive:"
#define FILE_END ".tar"

enum { NAME_MAX_BYTES = 255, PATH_MAX_BYTES = PATH_MAX - 512, SHOWN_MAX = 100 };

size_t layout_name_scheme(struct str text)
{
	if (str_starts(text, "ocidir://"))
		return strlen("ocidir://");
	if (str_starts(text, "ocidir:"))
		return strlen("ocidir:");
	if (str_starts(text, ARCHIVE))
		return strlen(ARCHIVE);
	/* Others write that before the name of a registry (transport.c). */
	return str_starts(text, "oci:") && !str_starts(text, "oci://") ? strlen("oci:") : 0;
}

static bool begins(const char *host, const char *scheme)
{
	size_t len = strlen(scheme);
	return strncmp(host, scheme, len) == 0 && (!host[len] || host[len] == '.');
}

bool layout_name_archived(const char *host)
{
	return begins(host, ARCHIVE);
}

bool layout_name_host(const char *host)
{
	return begins(host, "oci:") || layout_name_archived(host);
}

/* What no folder in a rule may have in its name, and why not. */
static const struct {
	char character;
	const char *why;
} refused[] = {
	{':', "a ':' begins the tag"},
	{'@', "an '@' begins the digest"},
	{',', "a ',' separates tags"},
	{'*', "stars stand only at the end of a source, as in oci:/mnt/usb/mirror/**"},
	{'\\', "folders are separated by '/'"},
};

static bool check_character(struct str name, char c, struct error *err)
{
	for (size_t i = 0; i < array_count(refused); i++)
		if (c == refused[i].character)
			return error_set(err, ERROR_CONFIG,
					 "no '%c' may be in the name of the folder \"%.*s\": %s. "
					 "Rename the folder, or name a link to it",
					 c, STR_ARGS(str_head(name, SHOWN_MAX)), refused[i].why);
	if ((unsigned char)c < 0x20 || c == 0x7f)
		return error_set(err, ERROR_CONFIG,
				 "invalid character: no control characters are allowed in the name "
				 "of a folder");
	return true;
}

static bool check_component(struct str name, struct error *err)
{
	for (size_t i = 0; i < name.len; i++)
		if (!check_character(name, name.at[i], err))
			return false;
	if (name.len > NAME_MAX_BYTES)
		return error_set(err, ERROR_CONFIG,
				 "folder name of %zu bytes: at most %d are allowed", name.len,
				 NAME_MAX_BYTES);
	if (str_is(name, ".."))
		return error_set(err, ERROR_CONFIG,
				 "\"..\" stands only at the beginning of a folder: write the path "
				 "that it leads to");
	return true;
}

/* Appends the components of path to out, joined by '/'. *last becomes the last one. */
static bool add_path(struct str path, struct buf *out, struct str *last, struct error *err)
{
	struct str component;
	*last = (struct str){0};
	while (str_cut(&path, '/', &component)) {
		if (!component.len || str_is(component, "."))
			continue;
		if (!check_component(component, err))
			return false;
		buf_printf(out, "%s%.*s", out->len ? "/" : "", STR_ARGS(component));
		*last = component;
	}
	return true;
}

/* Moves the dots that path begins with to host. */
static void take_dots(struct str *path, struct buf *host)
{
	size_t scheme = host->len;
	for (bool first = true;; first = false) {
		size_t end = str_find(*path, '/');
		struct str component = str_head(*path, end);
		bool up = str_is(component, "..");
		if (!up && !str_is(component, ".") && (component.len || !path->len))
			break;
		if (up)
			buf_add_string(host, first || host->len == scheme ? ".." : "/..");
		*path = str_from(*path, end + 1);
	}
}

static bool check_start(struct str path, struct error *err)
{
	if (!path.len)
		return error_set(err, ERROR_CONFIG,
				 "no folder behind the ':': write oci:FOLDER, as in "
				 "oci:/mnt/usb/app");
	if (path.at[0] == '~')
		return error_set(err, ERROR_CONFIG,
				 "a shell does not replace '~' there: write oci:$HOME/..., or "
				 "oci:./~ for a folder of that name");
	return true;
}

static bool check_text(struct str text, struct error *err)
{
	while (text.len) {
		size_t length = utf8_length(text);
		if (!length)
			return error_set(err, ERROR_CONFIG,
					 "invalid character: folders are named in UTF-8");
		text = str_from(text, length);
	}
	return true;
}

/* Where the name of the file of an archive ends; 0: it has none. */
static size_t file_end(const char *repository)
{
	const char *part = repository;
	while (part) {
		const char *slash = strchr(part, '/');
		size_t end = slash ? (size_t)(slash - repository) : strlen(repository);
		struct str name = {part, end - (size_t)(part - repository)};
		if (name.len > strlen(FILE_END) && str_ends(name, FILE_END))
			return end;
		part = slash ? slash + 1 : NULL;
	}
	return 0;
}

static bool check_kind(const char *scheme, const char *repository, struct str last,
		       struct error *err)
{
	if (strcmp(scheme, ARCHIVE) == 0)
		return file_end(repository) ||
		       error_set(err, ERROR_CONFIG,
				 "an archive is a file whose name ends with " FILE_END
				 ": write " ARCHIVE "FILE" FILE_END);
	/* The name of a layout's own folder of blobs. */
	return !str_is(last, "blobs") ||
	       error_set(err, ERROR_CONFIG,
			 "a folder called \"blobs\" is a part of a layout: name the one above it, "
			 "or another");
}

static bool parse_folder(struct arena *arena, const char *scheme, struct str path,
			 struct reference *out, struct error *err)
{
	scoped(buf_finish) struct buf host = {0}, repository = {0};
	struct str last;
	if (!check_start(path, err) || !check_text(path, err))
		return false;
	buf_add_string(&host, scheme);
	if (path.at[0] != '/') {
		take_dots(&path, &host);
		if (host.len == strlen(scheme))
			buf_add_char(&host, '.');
	}
	if (!add_path(path, &repository, &last, err))
		return false;
	if (!repository.len)
		buf_add_char(&repository, '.');
	if (!buf_ok(&host) || !buf_ok(&repository))
		return error_memory(err);
	if (!check_kind(scheme, repository.at, last, err))
		return false;
	if (host.len + repository.len > PATH_MAX_BYTES)
		return error_set(err, ERROR_CONFIG, "path of %zu bytes: at most %d are allowed",
				 host.len + repository.len, PATH_MAX_BYTES);
	out->host = arena_string(arena, host.at);
	out->repository = arena_string(arena, repository.at);
	return (out->host && out->repository) || error_memory(err);
}

bool layout_name_parse(struct arena *arena, struct str text, struct reference *out,
		       struct error *err)
{
	struct str path = str_from(text, layout_name_scheme(text));
	size_t slash = path.len;
	while (slash && path.at[slash - 1] != '/')
		slash--;
	/* Behind the last '/', so that what is wrong before it is about a folder. */
	struct str last = str_from(path, slash);
	size_t at = str_find(last, '@'), colon = str_find(str_head(last, at), ':');
	struct str tag = str_from(str_head(last, at), colon + 1), digest = str_from(last, at + 1);
	bool tagged = colon < at && colon < last.len, digested = at < last.len;
	*out = (struct reference){0};
	const char *scheme = str_starts(text, ARCHIVE) ? ARCHIVE : "oci:";
	if (!parse_folder(arena, scheme, str_head(path, slash + colon), out, err) ||
	    (tagged && !reference_check_tag(tag, err)) ||
	    (digested && !reference_check_digest(digest, err)))
		return false;
	out->tag = tagged ? arena_copy(arena, tag.at, tag.len) : NULL;
	out->digest = digested ? arena_copy(arena, digest.at, digest.len) : NULL;
	return ((!tagged || out->tag) && (!digested || out->digest)) || error_memory(err);
}

char *layout_name_folder(struct arena *arena, const struct reference *name)
{
	return arena_printf(arena, "%s/%s", strchr(name->host, ':') + 1, name->repository);
}

char *layout_name_file(struct arena *arena, const struct reference *name)
{
	return arena_printf(arena, "%s/%.*s", strchr(name->host, ':') + 1,
			    (int)file_end(name->repository), name->repository);
}

const char *layout_name_inside(const struct reference *name)
{
	const char *rest = name->repository + file_end(name->repository);
	return *rest ? rest + 1 : rest;
}
