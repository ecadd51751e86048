/*
 * NO_PROXY. The first line is a host, the second a port, the rest the list. A list is the union of
 * its entries, a longer one never excepts less, and neither case nor a final dot makes a
 * difference.
 */
#include "fuzz.h"

#include "net/address.h"
#include "net/no_proxy.h"
#include "net/proxy.h"
#include "net/url.h"

static bool covers(struct arena *arena, struct str list, const char *host, const char *port)
{
	struct no_proxy parsed;
	require(no_proxy_parse(arena, list, &parsed));
	require(parsed.count <= list.len);
	return no_proxy_covers(&parsed, host, port);
}

/* True when one of the entries covers host alone. */
static bool any_covers(struct arena *arena, struct str list, const char *host, const char *port)
{
	bool any = covers(arena, (struct str){0}, host, port);
	for (struct str entry; str_cut(&list, ',', &entry);)
		any |= covers(arena, entry, host, port);
	return any;
}

static void check_spelling(struct arena *arena, struct str list, const char *host, const char *port,
			   bool covered)
{
	char *upper = input_string(arena, str_of(host));
	char *copy = input_string(arena, list);
	for (char *at = upper; *at; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	for (char *at = copy; *at; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	require(covers(arena, str_of(copy), host, port) == covered || strlen(copy) != list.len);
	require(covers(arena, list, upper, port) == covered);
	struct sockaddr_storage literal;
	if (!address_parse(host, &literal)) {
		const char *dotted = arena_printf(arena, "%s.", host);
		require(dotted && covers(arena, list, dotted, port) == covered);
	}
}

/* What is named in the list is covered, whatever else it holds. */
static void check_growth(struct arena *arena, struct str list, const struct url *url, bool covered)
{
	const char *more = arena_printf(arena, "%.*s,%s", STR_ARGS(list), url->host);
	const char *ported =
		arena_printf(arena, "%s:%s %.*s", url->host, url->port, STR_ARGS(list));
	const char *all = arena_printf(arena, "%.*s , *", STR_ARGS(list));
	require(more && ported && all);
	if (memchr(list.at ? list.at : "", '\0', list.len))
		return;
	require(covers(arena, str_of(more), url->host, url->port));
	require(covers(arena, str_of(ported), url->host, url->port));
	require(covers(arena, str_of(all), "anything.test", "1"));
	const char *longer = arena_printf(arena, "%.*s,other.test", STR_ARGS(list));
	require(longer && (!covered || covers(arena, str_of(longer), url->host, url->port)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena_free) struct arena *arena = arena_new();
	struct str list = input_text(data, size);
	struct url url;
	struct error err;
	require(arena);
	const char *host = input_string(arena, input_part(&list, '\n'));
	const char *port = input_string(arena, input_part(&list, '\n'));
	covers(arena, list, host, port);
	const char *text = arena_printf(arena, "https://%s:%s/", host, port);
	require(text);
	if (!url_parse(arena, text, &url, &err))
		return 0;
	bool covered = covers(arena, list, url.host, url.port);
	require(covered == any_covers(arena, list, url.host, url.port));
	check_spelling(arena, list, url.host, url.port, covered);
	check_growth(arena, list, &url, covered);
	return 0;
}
