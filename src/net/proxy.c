/*
 * The parser is strict where a URL could be read in two ways: the rest of a badly quoted password
 * could be taken for a host and sent to a name server.
 *
 * The values are secrets, malformed ones too, so no message quotes any part of them.
 *
 * A proxy without a port has the port of its scheme, as in Go; libcurl would take 1080.
 */
#include "net/proxy.h"

#include "base/secret.h"
#include "net/address.h"
#include "net/hostname.h"

#include <string.h>

static const struct scheme {
	const char *name, *curl;
	int port;
} schemes[] = {
	{"http", "http", 80},
	{"https", "https", 443},
	{"socks5", "socks5h", 1080},
	{"socks5h", "socks5h", 1080},
};

/* The parts of a proxy's URL, as written. */
struct proxy_parts {
	const struct scheme *scheme;
	struct str username, password, host;
	bool login;
	int port;
};

static const char as_in[] = "write it as in http://proxy.example.com:3128";
static const char encoded[] =
	"percent-encode special characters in user and password, as %40 for @ and %2F for /";

static bool fail(struct error *err, const char *what, const char *remedy)
{
	return error_set(err, ERROR_CONFIG, "%s: %s", what, remedy);
}

static bool has_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
			return true;
	return false;
}

/* The offset of the last c, or text.len. */
static size_t find_last(struct str text, char c)
{
	for (size_t i = text.len; i > 0; i--)
		if (text.at[i - 1] == c)
			return i - 1;
	return text.len;
}

static bool take_scheme(struct str *text, struct proxy_parts *out)
{
	size_t end = 0;
	while (end < text->len && !str_starts(str_from(*text, end), "://"))
		end++;
	out->scheme = &schemes[0];
	if (end == text->len)
		return true;
	struct str name = str_head(*text, end);
	*text = str_from(*text, end + 3);
	for (size_t i = 0; i < array_count(schemes); i++) {
		out->scheme = &schemes[i];
		if (str_equal_nocase(name, str_of(schemes[i].name)))
			return true;
	}
	return false;
}

static void take_login(struct str *text, struct proxy_parts *out)
{
	size_t at = find_last(*text, '@');
	out->login = at < text->len;
	if (!out->login)
		return;
	out->password = str_head(*text, at);
	str_cut(&out->password, ':', &out->username);
	*text = str_from(*text, at + 1);
}

/* Takes the port of HOST:PORT or [ADDRESS]:PORT off the text; without one, the scheme's counts. */
static bool take_port(struct str *text, struct proxy_parts *out)
{
	int64_t number = out->scheme->port;
	size_t colon = find_last(*text, ':');
	size_t bracket = find_last(*text, ']');
	if (colon < text->len && (bracket == text->len || colon > bracket)) {
		if (!str_to_int64(str_from(*text, colon + 1), &number))
			return false;
		*text = str_head(*text, colon);
	}
	out->port = (int)number;
	return number > 0 && number < 65536;
}

/*
 * Checks that the host is a name or an address, with brackets if IPv6. For libcurl's BearSSL an
 * https proxy must have a name, and with OpenSSL it would tell us no address to compare the
 * certificate with.
 */
static bool check_host(struct arena *arena, struct str text, bool secure, struct error *err)
{
	struct sockaddr_storage ignored;
	const char *host = arena_copy(arena, text.at ? text.at : "", text.len);
	if (!host)
		return error_memory(err);
	bool bracketed = *host == '[' && host[text.len - 1] == ']';
	bool literal = !strchr(host, '%') && (bracketed || !strchr(host, ':')) &&
		       address_parse(host, &ignored);
	if (literal && secure)
		return fail(err, "an https proxy given by its address",
			    "give the name that its certificate is for, as in "
			    "https://proxy.example.com:3129");
	return literal || hostname_proper(host) ||
	       fail(err, "the proxy's host is not a valid name or address", as_in);
}

static bool split(struct arena *arena, struct str text, struct proxy_parts *out, struct error *err)
{
	if (has_control(text))
		return fail(err, "a blank or a control character in the URL of the proxy", encoded);
	if (!take_scheme(&text, out))
		return fail(err, "the scheme of a proxy must be http, https, socks5 or socks5h",
			    as_in);
	if (str_ends(text, "/"))
		text.len--;
	for (size_t i = 0; i < text.len; i++)
		if (strchr("/?#\\", text.at[i]))
			return fail(err, "a /, ?, # or \\ in the URL of the proxy", encoded);
	take_login(&text, out);
	if (!take_port(&text, out))
		return fail(err, "the port of a proxy must be a number from 1 to 65535", as_in);
	out->host = hostname_bare(text);
	return check_host(arena, out->host, strcmp(out->scheme->name, "https") == 0, err);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * Percent-decodes text. Control characters, which no login can have, are an error: NULL, and err is
 * set.
 */
static const char *decode(struct arena *arena, struct str text, struct error *err)
{
	char *out = arena_copy(arena, text.at ? text.at : "", text.len);
	size_t len = 0;
	if (!out) {
		error_memory(err);
		return NULL;
	}
	for (size_t i = 0; i < text.len; i++) {
		int byte = (unsigned char)text.at[i];
		if (byte == '%') {
			int high = i + 2 < text.len ? hex(text.at[i + 1]) : -1;
			int low = i + 2 < text.len ? hex(text.at[i + 2]) : -1;
			byte = high < 0 || low < 0 ? 0 : high * 16 + low;
			i += 2;
		}
		if (byte < ' ' || byte == 0x7f) {
			fail(err,
			     "a % in the login of the proxy is not followed by two hexadecimal "
			     "digits, or stands for a control character",
			     encoded);
			return NULL;
		}
		out[len++] = (char)byte;
	}
	out[len] = '\0';
	return out;
}

bool proxy_parse(struct arena *arena, struct str text, struct proxy *out, struct error *err)
{
	struct proxy_parts parts = {0};
	*out = (struct proxy){0};
	if (!split(arena, text, &parts, err))
		return false;
	if (parts.login) {
		out->username = decode(arena, parts.username, err);
		out->password = out->username ? decode(arena, parts.password, err) : NULL;
		if (!out->password)
			return false;
	}
	out->url = arena_printf(arena, "%s://%.*s:%d", parts.scheme->curl, STR_ARGS(parts.host),
				parts.port);
	out->identity =
		arena_printf(arena, "%s\n%s\n%s", out->url ? out->url : "",
			     parts.login ? out->username : "", parts.login ? out->password : "");
	return (out->url && out->identity) || error_memory(err);
}

void proxy_hide(const struct proxy *proxy)
{
	if (proxy->username)
		secret_register_basic(str_of(proxy->username), str_of(proxy->password));
}

const struct proxy *proxy_for(const struct proxies *proxies, const struct url *url)
{
	bool secure = strcmp(url->scheme, "https") == 0;
	const struct proxy *proxy = secure ? proxies->https : proxies->http;
	return proxy && !no_proxy_covers(&proxies->except, url->host, url->port) ? proxy : NULL;
}
