/*
 * Secrets come first: the password in every variable, used or not, is registered before anything
 * can be printed.
 */
#include "config/proxy_variables.h"

#include "base/secret.h"

#include <stdlib.h>

static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY",
				    "all_proxy",   "ALL_PROXY",   "no_proxy",   "NO_PROXY"};

/* The index of the first spelling of each. */
enum { HTTPS = 0, HTTP = 2, ALL = 4, NO = 6 };

/* The spelling that counts; NULL when both are unset or empty. */
static const char *spelling(int variable)
{
	for (int i = variable; i < variable + 2; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return names[i];
	}
	return NULL;
}

/* The proxy in the variable called name; NULL when there is none, or it cannot be read. */
static const struct proxy *read_proxy(struct arena *arena, const char *name,
				      struct problems *problems)
{
	struct error err;
	if (!name)
		return NULL;
	struct proxy *proxy = arena_new_of(arena, struct proxy);
	if (!proxy)
		error_memory(&err);
	if (!proxy || !proxy_parse(arena, str_of(getenv(name)), proxy, &err)) {
		problem_add(problems, name, "%s", err.text);
		return NULL;
	}
	proxy_hide(proxy);
	return proxy;
}

void proxy_variables_read(struct arena *arena, struct proxies *out, struct problems *problems)
{
	*out = (struct proxies){0};
	for (size_t i = 0; i < array_count(names); i++)
		secret_register_userinfo(str_of(getenv(names[i])));
	const char *https = spelling(HTTPS), *http = spelling(HTTP);
	const struct proxy *all = https && http ? NULL : read_proxy(arena, spelling(ALL), problems);
	out->https = https ? read_proxy(arena, https, problems) : all;
	out->http = http ? read_proxy(arena, http, problems) : all;
	const char *except = spelling(NO);
	const char *list = except ? arena_string(arena, getenv(except)) : "";
	if (!list || !no_proxy_parse(arena, str_of(list), &out->except))
		problem_add(problems, except, "out of memory");
}
