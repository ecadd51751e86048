/*
 * Most words of a text that have a slash or a colon in them are no images: "and/or", "1/2", paths,
 * dates, versions, "main.c:12", addresses of mail. So what a word must have depends on where it
 * stands, and a slip in what could be anything is no reason to answer. Where somebody clearly names
 * an image, a mistake in its name is one to be told of.
 */
#include "request/guess.h"

#include "base/scoped.h"
#include "registry/profile.h"

#include <stddef.h>
#include <string.h>

/* --- what a word looks like ------------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digits(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
	return text.len > 0;
}

/* A word in pieces, as they stand. */
struct shape {
	struct str host; /* before the first slash, if it can be one; else empty */
	struct str last; /* behind the last slash, without tag and digest */
	struct str tag;
	size_t slashes; /* in what is no host */
	bool digest;    /* an '@' with sha256: or the like behind it */
	bool mail;      /* an '@' with something else behind it */
	bool odd;       /* it has signs that no name has */
};

static bool is_host(struct str text)
{
	return text.len && (str_find(text, '.') < text.len || str_find(text, ':') < text.len ||
			    str_is(text, "localhost"));
}

static struct shape shape_of(struct str text)
{
	struct shape shape = {.slashes = 0};
	struct str name = str_head(text, str_find(text, '@'));
	struct str behind = str_from(text, name.len + 1);
	struct str first = str_head(name, str_find(name, '/'));
	for (size_t i = 0; i < text.len; i++)
		shape.odd |= strchr("%?=&#+~*${}\\^", text.at[i]) != NULL;
	shape.digest = str_starts(behind, "sha256:") || str_starts(behind, "sha512:");
	shape.mail = name.len < text.len && !shape.digest;
	if (first.len < name.len && is_host(first)) {
		shape.host = first;
		name = str_from(name, first.len + 1);
	}
	shape.last = name;
	for (size_t i = name.len; i; i--)
		if (name.at[i - 1] == '/') {
			shape.last = str_from(name, i);
			break;
		}
	for (size_t i = 0; i < name.len; i++)
		shape.slashes += name.at[i] == '/';
	size_t colon = str_find(shape.last, ':');
	shape.tag = str_from(shape.last, colon + 1);
	shape.last = str_head(shape.last, colon);
	return shape;
}

/* "main.c:12" */
static bool is_place(const struct shape *shape)
{
	return is_digits(shape->tag) && str_find(shape->last, '.') < shape->last.len;
}

/* Registries that anybody may name without a tag, and that are known by their names. */
static bool is_known(struct str host)
{
	static const char *const known[] = {
		"ghcr.io",
		"k8s.gcr.io",
		"lscr.io",
		"nvcr.io",
		"cgr.dev",
		"icr.io",
		"dhi.io",
		"index.docker.io",
		"registry-1.docker.io",
		"docker.n8n.io",
		"docker.elastic.co",
		"registry.redhat.io",
		"docker.gitea.com",
		"container-registry.oracle.com",
	};
	char name[64];
	if (host.len >= sizeof(name))
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.at[i];
		name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	name[host.len] = '\0';
	for (size_t i = 0; i < array_count(known); i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return profile_is_public(name) || str_starts(host, "registry.");
}

/* Sites that have pages, and no images below their own names. */
static bool is_site(struct str host)
{
	static const char *const sites[] = {"github.com", "gitlab.com", "gitee.com",
					    "hub.docker.com", "www.github.com"};
	for (size_t i = 0; i < array_count(sites); i++)
		if (str_equal_nocase(host, str_of(sites[i])))
			return true;
	return false;
}

/* A host that is no number: "example.com", "registry:5000", "localhost". */
static bool is_named_host(struct str host)
{
	struct str name = str_head(host, str_find(host, ':'));
	size_t label = name.len;
	while (label && name.at[label - 1] != '.')
		label--;
	return name.len < host.len || is_letter(str_from(name, label).at[0]);
}

/* --- which words count ------------------------------------------------------------------------ */

static enum sureness judge_hosted(const struct text_word *word, const struct shape *shape,
				  bool asked)
{
	bool named = shape->tag.len || shape->digest;
	if (is_site(shape->host) || !shape->last.len)
		return SURE_NOT;
	if (asked || is_known(shape->host))
		return SURE;
	if (!is_named_host(shape->host) || is_place(shape))
		return SURE_NOT;
	if (named)
		return SURE_IF_VALID;
	return word->code && word->first && word->last && !word->colon ? SURE_IF_VALID : SURE_NOT;
}

/* Names without a registry, which are at Docker Hub. */
static enum sureness judge_short(const struct text_word *word, const struct shape *shape,
				 bool asked)
{
	bool named = shape->tag.len || shape->digest;
	bool alone = word->code && word->first && word->last && !word->colon;
	if (!is_letter(word->text.at[0]) || shape->slashes > 1 || is_place(shape) ||
	    str_is(shape->last, "sha256") || str_is(shape->last, "sha512"))
		return asked ? SURE_IF_VALID : SURE_NOT;
	if (asked && shape->tag.len)
		return SURE;
	if (asked)
		return word->code || word->ended || named ? SURE_IF_VALID : SURE_NOT;
	if (shape->digest || (named && shape->slashes) || (named && word->code))
		return SURE_IF_VALID;
	return alone && !named ? SURE_IF_VALID : SURE_NOT;
}

enum sureness guess_word(const struct text_word *word, bool asked)
{
	const struct str text = word->text;
	const struct shape shape = shape_of(text);
	if (!text.len || strchr("./~@-", text.at[0]) || shape.mail)
		return SURE_NOT;
	if (shape.odd)
		return shape.host.len && (asked || is_known(shape.host)) ? SURE : SURE_NOT;
	return shape.host.len ? judge_hosted(word, &shape, asked)
			      : judge_short(word, &shape, asked);
}

bool guess_has_host(struct str name)
{
	return shape_of(name).host.len > 0;
}

bool guess_address(struct str name)
{
	static const char *const pages[] = {"v2/", "organization/", "user/", "search"};
	const struct shape shape = shape_of(name);
	struct str path = str_from(name, shape.host.len + 1);
	if (!shape.host.len || !path.len || shape.odd || !is_known(shape.host) ||
	    str_is(path, "v2"))
		return false;
	for (size_t i = 0; i < array_count(pages); i++)
		if (str_starts(path, pages[i]))
			return false;
	return true;
}
