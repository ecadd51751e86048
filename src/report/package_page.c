/*
 * A page that may not exist is worse than none, so a name with an unusual character, or too few
 * parts, has none. GitHub has one address for packages of users and another for those of
 * organizations; ghcr.io sends browsers to the right one. gcr.io does the same.
 */
#include "report/package_page.h"

#include "base/str.h"

#include <string.h>

/* A repository in parts, "owner/name"; name may have more slashes. */
struct page_parts {
	struct str host, path, owner, name;
};

typedef void add_page(const struct page_parts *parts, struct buf *out);

static void hub_page(const struct page_parts *parts, struct buf *out)
{
	bool official = str_is(parts->owner, "library");
	struct str path = official ? parts->name : parts->path;
	buf_printf(out, "https://hub.docker.com/%s/%.*s", official ? "_" : "r", STR_ARGS(path));
}

/* The registry itself answers browsers with the page. */
static void own_page(const struct page_parts *parts, struct buf *out)
{
	buf_printf(out, "https://%.*s/%.*s", STR_ARGS(parts->host), STR_ARGS(parts->path));
}

static void quay_page(const struct page_parts *parts, struct buf *out)
{
	buf_printf(out, "https://quay.io/repository/%.*s", STR_ARGS(parts->path));
}

static void gallery_page(const struct page_parts *parts, struct buf *out)
{
	buf_printf(out, "https://gallery.ecr.aws/%.*s", STR_ARGS(parts->path));
}

static void microsoft_page(const struct page_parts *parts, struct buf *out)
{
	buf_printf(out, "https://mcr.microsoft.com/artifact/mar/%.*s", STR_ARGS(parts->path));
}

/* europe-west1-docker.pkg.dev/PROJECT/REPOSITORY/NAME, where slashes of NAME are escaped. */
static void artifact_page(const struct page_parts *parts, struct buf *out)
{
	struct str location = str_head(parts->host, parts->host.len - strlen("-docker.pkg.dev"));
	size_t slash = str_find(parts->name, '/');
	struct str repository = str_head(parts->name, slash);
	buf_printf(out, "https://console.cloud.google.com/artifacts/docker/%.*s/%.*s/%.*s/",
		   STR_ARGS(parts->owner), STR_ARGS(location), STR_ARGS(repository));
	for (size_t i = slash + 1; i < parts->name.len; i++) {
		if (parts->name.at[i] == '/')
			buf_add_string(out, "%2F");
		else
			buf_add_char(out, parts->name.at[i]);
	}
}

/* 123456789012.dkr.ecr.eu-west-1.amazonaws.com */
static void amazon_page(const struct page_parts *parts, struct buf *out)
{
	struct str rest = parts->host, account, label, region;
	str_cut(&rest, '.', &account);
	for (int i = 0; i < 2; i++)
		str_cut(&rest, '.', &label);
	str_cut(&rest, '.', &region);
	buf_printf(out,
		   "https://%.*s.console.aws.amazon.com/ecr/repositories/private/%.*s/%.*s"
		   "?region=%.*s",
		   STR_ARGS(region), STR_ARGS(account), STR_ARGS(parts->path), STR_ARGS(region));
}

static bool is_amazon(struct str host)
{
	struct str account, label;
	size_t labels = 0;
	if (!str_ends(host, ".amazonaws.com") || !str_cut(&host, '.', &account))
		return false;
	for (size_t i = 0; i < account.len; i++)
		if (account.at[i] < '0' || account.at[i] > '9')
			return false;
	for (struct str rest = host; str_cut(&rest, '.', &label);)
		labels++;
	return account.len && str_starts(host, "dkr.ecr.") && labels == 5;
}

static const struct {
	const char *host;  /* "-docker.pkg.dev": all that end so */
	size_t part_count; /* a repository has at least as many parts, */
	size_t part_max;   /* and at most so many; 0: any number */
	add_page *add;
} pages[] = {
	{"docker.io", 2, 2, hub_page},
	{"ghcr.io", 2, 0, own_page},
	{"quay.io", 2, 0, quay_page},
	{"public.ecr.aws", 2, 0, gallery_page},
	{"mcr.microsoft.com", 1, 0, microsoft_page},
	{"gcr.io", 2, 0, own_page},
	{"us.gcr.io", 2, 0, own_page},
	{"eu.gcr.io", 2, 0, own_page},
	{"asia.gcr.io", 2, 0, own_page},
	{"-docker.pkg.dev", 3, 0, artifact_page},
};

static bool is_plain(struct str text)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
	for (size_t i = 0; i < text.len; i++)
		if (!memchr(good, text.at[i], sizeof(good) - 1))
			return false;
	return text.len;
}

static size_t count_parts(struct str path)
{
	struct str part;
	size_t count = 0;
	while (str_cut(&path, '/', &part))
		count++;
	return count;
}

bool package_page(const struct reference *name, struct buf *out)
{
	struct page_parts parts = {.host = str_of(name->host), .path = str_of(name->repository)};
	size_t count = count_parts(parts.path);
	if (!is_plain(parts.host) || !is_plain(parts.path))
		return false;
	parts.name = parts.path;
	str_cut(&parts.name, '/', &parts.owner);
	if (is_amazon(parts.host)) {
		amazon_page(&parts, out);
		return true;
	}
	for (size_t i = 0; i < array_count(pages); i++) {
		bool ending = pages[i].host[0] == '-';
		if (ending ? !str_ends(parts.host, pages[i].host)
			   : !str_is(parts.host, pages[i].host))
			continue;
		if (count < pages[i].part_count || (pages[i].part_max && count > pages[i].part_max))
			return false;
		pages[i].add(&parts, out);
		return true;
	}
	return false;
}
