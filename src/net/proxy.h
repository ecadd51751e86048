/*
 * Proxies: how they are written, and which one a URL uses.
 *
 * A proxy is read once, before the first request, by one parser for the environment and the auth
 * file, and its login is kept apart from its address: no other part of the program, libcurl
 * included, sees a URL with a password in it. Pure apart from memory.
 */
#pragma once

#include "base/error.h"
#include "net/no_proxy.h"
#include "net/url.h"

/* Strings live in the arena it was read into. */
struct proxy {
	const char *url;      /* "http://proxy.example.com:3128", what libcurl is given */
	const char *username; /* decoded; NULL: no login */
	const char *password; /* decoded, perhaps empty; NULL: no login */
	const char *identity; /* all members as one text, for comparing; a secret */
};

/* The proxies of the environment. */
struct proxies {
	const struct proxy *http, *https; /* the proxy for each scheme; NULL: none */
	struct no_proxy except;
};

/*
 * Reads [SCHEME://][USER[:PASSWORD]@]HOST[:PORT][/]. SCHEME is http (the default), https, socks5 or
 * socks5h; with both of the latter the proxy resolves names. User and password are percent-encoded.
 * ERROR_CONFIG says what is wrong and never contains a part of text.
 */
bool proxy_parse(struct arena *arena, struct str text, struct proxy *out, struct error *err);
/* Registers the login of proxy as a secret. */
void proxy_hide(const struct proxy *proxy);
/* The proxy for url; NULL when there is none or NO_PROXY covers its host. */
const struct proxy *proxy_for(const struct proxies *proxies, const struct url *url);
