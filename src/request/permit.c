/* A pattern that takes too long fits nothing that is allowed, and everything that is denied. */
#include "request/permit.h"

#include "plan/glob.h"

#include <string.h>

enum { QUOTE_MAX = 200 };

static bool refuse(struct error *err, const char *why)
{
	return error_set(err, ERROR_CONFIG, "%s", why);
}

static bool is_host(struct str part)
{
	return str_find(part, '.') < part.len || str_find(part, ':') < part.len ||
	       str_find(part, '*') < part.len || str_is(part, "localhost");
}

/* Cuts tag and digest off. */
static struct str cut(struct str text, struct permit *out)
{
	struct str name = str_head(text, str_find(text, '@'));
	size_t slash = 0;
	out->digest = str_from(text, name.len + 1);
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] == '/')
			slash = i + 1;
	size_t colon = slash + str_find(str_from(name, slash), ':');
	out->tag = str_from(name, colon + 1);
	return str_head(name, colon);
}

/* Names of Docker Hub in full. */
static bool complete(struct arena *arena, struct str name, struct str *out, struct error *err)
{
	struct str first = str_head(name, str_find(name, '/'));
	bool one = first.len == name.len;
	if (str_is(name, "**")) {
		*out = name;
		return true;
	}
	if (is_host(first) && one)
		return refuse(err, "a repository is missing: write docker.io/library/*, quay.io/** "
				   "for all of a registry, or ** for everything");
	const char *full = is_host(first) ? arena_copy(arena, name.at, name.len)
					  : arena_printf(arena, "docker.io/%s%.*s",
							 one ? "library/" : "", STR_ARGS(name));
	*out = str_of(full);
	return full || error_memory(err);
}

static bool parse_glob(struct arena *arena, struct str part, const struct pattern **out,
		       struct error *err)
{
	*out = NULL;
	if (glob_has_others(part))
		return refuse(err, "a pattern of images knows only *, ** and ?");
	return !glob_is(part) || glob_parse(arena, part, out, err);
}

/* A name without stars is one that an image can have. */
static bool check_plain(struct arena *arena, const struct permit *permit, struct error *err)
{
	struct reference ref;
	return permit->names || reference_parse(arena, permit->name, &ref, err);
}

static bool parse(struct arena *arena, struct str text, struct permit *out, struct error *err)
{
	struct str name = cut(text, out);
	if (text.len && text.at[0] == '/')
		return refuse(err, "a pattern of images has stars, as in quay.io/**, and is no "
				   "/pattern/");
	if (!name.len || (text.at[text.len - 1] == ':') || (text.at[text.len - 1] == '@'))
		return refuse(err, "something is missing: write it as quay.io/coreos/etcd:v3*");
	return complete(arena, name, &out->name, err) &&
	       parse_glob(arena, out->name, &out->names, err) && check_plain(arena, out, err) &&
	       parse_glob(arena, out->tag, &out->tags, err) &&
	       parse_glob(arena, out->digest, &out->digests, err);
}

bool permit_parse(struct arena *arena, const struct policy_words *words, bool denies,
		  struct permits *out, struct problems *problems)
{
	struct permit *items = arena_array(arena, words->count, sizeof(*items));
	*out = (struct permits){.items = items, .denies = denies};
	if (!items)
		return false;
	for (size_t i = 0; i < words->count; i++) {
		const struct placed *word = &words->items[i];
		struct permit *permit = &items[out->count];
		struct error err = {0};
		*permit = (struct permit){.given = word};
		if (parse(arena, str_of(word->text), permit, &err))
			out->count++;
		else if (err.kind == ERROR_MEMORY)
			return false;
		else
			problem_add(problems, word->place, "\"%.*s\": %s", QUOTE_MAX, word->text,
				    err.text);
	}
	return true;
}

/* --- finding ---------------------------------------------------------------------------------- */

/* doubtful: what is said of a pattern that takes too long. False without memory. */
static bool fits(struct str wanted, const struct pattern *pattern, const char *text, bool doubtful,
		 bool *out)
{
	struct error err;
	*out = !wanted.len || (text && !pattern && str_is(wanted, text));
	if (!wanted.len || !text || !pattern || pattern_match(pattern, str_of(text), out, &err))
		return true;
	*out = doubtful;
	return err.kind != ERROR_MEMORY;
}

static bool permits(const struct permit *permit, const char *name, const struct reference *image,
		    bool doubtful, bool *out)
{
	bool named, tagged = false, digested = false;
	if (!fits(permit->name, permit->names, name, doubtful, &named) ||
	    !fits(permit->tag, permit->tags, image->tag, doubtful, &tagged) ||
	    !fits(permit->digest, permit->digests, image->digest, doubtful, &digested))
		return false;
	*out = named && tagged && digested;
	return true;
}

bool permit_find(const struct permits *list, const struct reference *image,
		 const struct permit **out)
{
	scoped(buf_finish) struct buf name = {0};
	bool found = false;
	*out = NULL;
	buf_printf(&name, "%s/%s", reference_common_host(image->host), image->repository);
	if (!buf_ok(&name))
		return false;
	for (size_t i = 0; i < list->count && !found; i++) {
		if (!permits(&list->items[i], buf_string(&name), image, list->denies, &found))
			return false;
		if (found)
			*out = &list->items[i];
	}
	return true;
}

bool permit_any_host(const struct permit *permit)
{
	struct str host = str_head(permit->name, str_find(permit->name, '/'));
	return str_find(host, '*') < host.len || str_find(host, '?') < host.len;
}
