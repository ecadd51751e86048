/* A page is recognised by its host and by the parts of its path; what follows is of no interest. */
#include "request/pages.h"

#include <string.h>

enum { PARTS_MAX = 16 };

/* An address in pieces. */
struct image_page {
	struct str parts[PARTS_MAX]; /* of the path */
	size_t count;
	struct str query;
};

static struct str part(const struct image_page *page, size_t number)
{
	return number < page->count ? page->parts[number] : (struct str){0};
}

static bool part_is(const struct image_page *page, size_t number, const char *text)
{
	return str_is(part(page, number), text);
}

/* The value of a parameter of the query; empty: there is none. */
static struct str parameter(const struct image_page *page, const char *name)
{
	struct str rest = page->query, pair;
	while (str_cut(&rest, '&', &pair)) {
		struct str value = pair, key;
		str_cut(&value, '=', &key);
		if (str_is(key, name) && value.len)
			return value;
	}
	return (struct str){0};
}

static void add_tag(struct str tag, struct buf *out)
{
	if (tag.len)
		buf_printf(out, ":%.*s", STR_ARGS(tag));
}

/* hub.docker.com/_/NAME, /r/NAMESPACE/NAME, /layers/NAMESPACE/NAME/TAG, /repository/docker/... */
static bool read_hub(const struct image_page *page, struct buf *out)
{
	bool layers = part_is(page, 0, "layers");
	size_t at = part_is(page, 0, "repository") && part_is(page, 1, "docker") ? 2 : 1;
	if (part_is(page, 0, "_") && part(page, 1).len) {
		buf_printf(out, "docker.io/library/%.*s", STR_ARGS(part(page, 1)));
		return true;
	}
	if ((at == 1 && !layers && !part_is(page, 0, "r")) || !part(page, at + 1).len)
		return false;
	buf_printf(out, "docker.io/%.*s/%.*s", STR_ARGS(part(page, at)),
		   STR_ARGS(part(page, at + 1)));
	if (layers)
		add_tag(part(page, 3), out);
	return true;
}

/* quay.io/repository/NAMESPACE/NAME, with ?tag=TAG or /manifest/DIGEST behind it. */
static bool read_quay(const struct image_page *page, struct buf *out)
{
	if (!part_is(page, 0, "repository") || !part(page, 2).len)
		return false;
	buf_printf(out, "quay.io/%.*s/%.*s", STR_ARGS(part(page, 1)), STR_ARGS(part(page, 2)));
	if (part_is(page, 3, "manifest") && part(page, 4).len)
		buf_printf(out, "@%.*s", STR_ARGS(part(page, 4)));
	else
		add_tag(parameter(page, "tag"), out);
	return true;
}

/* Names there may have capitals, which images have not, and %2F for a slash. */
static void add_package(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (str_equal_nocase(str_head(str_from(text, i), 3), STR("%2f"))) {
			buf_add_char(out, '/');
			i += 2;
		} else {
			buf_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
		}
	}
}

/*
 * github.com/OWNER/REPOSITORY/pkgs/container/NAME, and /orgs/OWNER/packages/container/NAME or
 * /users/OWNER/packages/container/package/NAME.
 */
static bool read_github(const struct image_page *page, struct buf *out)
{
	bool named = part_is(page, 0, "orgs") || part_is(page, 0, "users");
	size_t owner = named ? 1 : 0, name = 4;
	if (named && part_is(page, 2, "packages") && part_is(page, 3, "container"))
		name = part_is(page, 4, "package") ? 5 : 4;
	else if (named || !part_is(page, 2, "pkgs") || !part_is(page, 3, "container"))
		return false;
	if (!part(page, name).len || !part(page, owner).len)
		return false;
	buf_add_string(out, "ghcr.io/");
	add_package(part(page, owner), out);
	buf_add_char(out, '/');
	add_package(part(page, name), out);
	add_tag(parameter(page, "tag"), out);
	return true;
}

/* gallery.ecr.aws/ALIAS/NAME */
static bool read_gallery(const struct image_page *page, struct buf *out)
{
	if (!part(page, 1).len)
		return false;
	buf_add_string(out, "public.ecr.aws");
	for (size_t i = 0; i < page->count && part(page, i).len; i++)
		buf_printf(out, "/%.*s", STR_ARGS(part(page, i)));
	return true;
}

static const struct {
	const char *host;
	bool (*read)(const struct image_page *page, struct buf *out);
} sites[] = {
	{"hub.docker.com", read_hub},    {"registry.hub.docker.com", read_hub},
	{"quay.io", read_quay},          {"github.com", read_github},
	{"www.github.com", read_github}, {"gallery.ecr.aws", read_gallery},
};

static struct str without_scheme(struct str address)
{
	static const char *const schemes[] = {"https://", "http://"};
	for (size_t i = 0; i < array_count(schemes); i++) {
		size_t len = strlen(schemes[i]);
		if (str_equal_nocase(str_head(address, len), str_of(schemes[i])))
			return str_from(address, len);
	}
	return address;
}

bool pages_image(struct str address, struct buf *out)
{
	struct image_page page = {.count = 0};
	struct str host, path, piece;
	address = without_scheme(address);
	address = str_head(address, str_find(address, '#'));
	path = str_head(address, str_find(address, '?'));
	page.query = str_from(address, path.len + 1);
	str_cut(&path, '/', &host);
	while (page.count < PARTS_MAX && str_cut(&path, '/', &piece))
		page.parts[page.count++] = piece;
	for (size_t i = 0; i < array_count(sites); i++)
		if (str_equal_nocase(host, str_of(sites[i].host)))
			return sites[i].read(&page, out);
	return false;
}
