/*
 * Registries hide what a client may not see: the same status means a missing repository, a missing
 * permission or a wrong password. The hints that experience adds for each registry are one table;
 * the first row that fits counts, and the general ones come last.
 */
#include "registry/explain.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum side { ANY_SIDE, SOURCE, TARGET };
/* WRONG_LOGIN: the login itself was refused, whatever it was for. */
enum who { ANYBODY, ANONYMOUS, LOGGED_IN, WRONG_LOGIN };

#define REPOSITORY                                                                                 \
	"ECR does not create repositories on push: create it first, or give AWS keys in the "      \
	"environment, with which it is created unless create-repository is false"
#define PROJECT "create the project there, or set create-project: true to have it created"

static const struct {
	const char *host;  /* the end of its name; ".x" also fits x; NULL: every host */
	const char *words; /* a part of the registry's words, * for any; NULL: any words */
	enum error_kind kind;
	enum side side;
	enum who who;
	bool listing; /* only for lists of tags */
	const char *hint;
} rows[] = {
	{".docker.io", NULL, ERROR_LIMITED, ANY_SIDE, ANONYMOUS, false,
	 "Docker Hub allows anonymous users few pulls: add a login for docker.io to the auth "
	 "file"},
	{".docker.io", NULL, ERROR_DENIED, ANY_SIDE, ANONYMOUS, false,
	 "at Docker Hub this also means that the repository does not exist"},
	{".docker.io", NULL, ERROR_DENIED, ANY_SIDE, WRONG_LOGIN, false,
	 "with two-factor login, Docker Hub requires an access token as password"},
	{".docker.io", NULL, ERROR_DENIED, ANY_SIDE, LOGGED_IN, false,
	 "Docker Hub requires an access token with two-factor login, and returns the same error "
	 "when the repository does not exist"},
	{".ghcr.io", NULL, ERROR_DENIED, ANY_SIDE, WRONG_LOGIN, false,
	 "the token is wrong or has expired"},
	{".ghcr.io", NULL, ERROR_DENIED, TARGET, ANYBODY, false,
	 "GHCR requires a token with write:packages, or a package linked to the workflow's "
	 "repository"},
	{".ghcr.io", NULL, ERROR_DENIED, SOURCE, ANYBODY, false,
	 "GHCR packages are private by default: make this one public, or use a token with "
	 "read:packages"},
	{".amazonaws.com", NULL, ERROR_MISSING, TARGET, ANYBODY, false, REPOSITORY},
	{".amazonaws.com.cn", NULL, ERROR_MISSING, TARGET, ANYBODY, false, REPOSITORY},
	{".amazonaws.com", NULL, ERROR_DENIED, ANY_SIDE, ANONYMOUS, false,
	 "ECR needs a login: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
	{".amazonaws.com", NULL, ERROR_DENIED, ANY_SIDE, WRONG_LOGIN, false,
	 "the password is wrong or has expired: those of ECR last 12 hours"},
	{".amazonaws.com", NULL, ERROR_DENIED, ANY_SIDE, LOGGED_IN, false,
	 "an ECR login lasts 12 hours and needs the permission ecr:BatchGetImage, or to push "
	 "ecr:PutImage and those for layers"},
	{NULL, "project *not found", ERROR_DENIED, TARGET, ANYBODY, false, PROJECT},
	{NULL, "project *not found", ERROR_MISSING, TARGET, ANYBODY, false, PROJECT},
	{NULL, NULL, ERROR_DENIED, ANY_SIDE, WRONG_LOGIN, false, NULL},
	{NULL, NULL, ERROR_NOT_TLS, ANY_SIDE, ANYBODY, false,
	 "for plain http write into the file of --auth: %s: {insecure: true}"},
	{NULL, "not signed by a trusted authority", ERROR_TLS, ANY_SIDE, ANYBODY, false,
	 "as ca, in the file of --auth: %s: {ca: FILE}"},
	{".gcr.io", NULL, ERROR_DENIED, ANY_SIDE, ANYBODY, false,
	 "Google returns the same error when the repository does not exist"},
	{".pkg.dev", NULL, ERROR_DENIED, ANY_SIDE, ANYBODY, false,
	 "Artifact Registry returns the same error when the repository does not exist: the name is "
	 "PROJECT/REPOSITORY/IMAGE"},
	{".azurecr.io", NULL, ERROR_DENIED, ANY_SIDE, ANYBODY, false,
	 "check the name of the registry, and that this login has AcrPull, or to push AcrPush"},
	{".aliyuncs.com", NULL, ERROR_DENIED, ANY_SIDE, ANYBODY, true,
	 "ACR does not list the tags of private repositories: name the tags in the rule"},
	{".aliyuncs.com", NULL, ERROR_DENIED, ANY_SIDE, ANYBODY, false,
	 "each region of ACR has its own registry and password; does the namespace exist there?"},
	{".aliyuncs.com", NULL, ERROR_MISSING, TARGET, ANYBODY, false,
	 "does the namespace exist in this region?"},
	{".quay.io", NULL, ERROR_DENIED, ANY_SIDE, ANYBODY, false,
	 "Quay returns the same error when the repository does not exist"},
	{NULL, "roject", ERROR_MISSING, TARGET, ANYBODY, false, "create the project there first"},
	{NULL, NULL, ERROR_MISSING, SOURCE, ANYBODY, true,
	 "for the repositories below that name, write /* behind it"},
	{NULL, "HTTP 407", ERROR_CONFIG, ANY_SIDE, ANYBODY, false,
	 "the proxy requires a login, or a different one: write it into the proxy's URL, "
	 "http://USER:PASSWORD@HOST:PORT"},
	{NULL, NULL, ERROR_DENIED, ANY_SIDE, ANONYMOUS, false,
	 "add a login for it to the auth file: %s: {username: USER, password: '${NAME}'}"},
	{NULL, NULL, ERROR_DENIED, TARGET, LOGGED_IN, false,
	 "does the project or namespace exist, and may this login push there?"},
	{NULL, NULL, ERROR_DENIED, SOURCE, LOGGED_IN, false,
	 "is the name right, and may this login pull it?"},
};

static bool host_fits(const char *end, const char *host)
{
	return !end || str_ends(str_of(host), end) || strcmp(host, end + 1) == 0;
}

static bool who_fits(enum who who, const struct refusal *refusal)
{
	switch (who) {
	case ANONYMOUS:
		return !refusal->place;
	case LOGGED_IN:
		return refusal->place && !refusal->password;
	case WRONG_LOGIN:
		return refusal->place && refusal->password;
	case ANYBODY:
		break;
	}
	return true;
}

/* "a*b" is a and, behind it, b. */
static bool words_fit(const char *words, const char *text)
{
	char first[64];
	size_t len = strcspn(words, "*");
	snprintf(first, sizeof(first), "%.*s", (int)len, words);
	const char *found = strstr(text, first);
	return found && (!words[len] || strstr(found, words + len + 1));
}

static const char *find_hint(const struct refusal *refusal, const struct error *err)
{
	enum side side = refusal->target ? TARGET : SOURCE;
	for (size_t i = 0; i < array_count(rows); i++)
		if (rows[i].kind == err->kind && host_fits(rows[i].host, refusal->host) &&
		    (rows[i].side == ANY_SIDE || rows[i].side == side) &&
		    who_fits(rows[i].who, refusal) && (!rows[i].listing || refusal->listing) &&
		    (!rows[i].words || words_fit(rows[i].words, err->text)))
			return rows[i].hint;
	return NULL;
}

/* Appends the hint to the text. */
static void add_hint(const struct refusal *refusal, struct error *err)
{
	const char *hint = find_hint(refusal, err);
	const char *gap = hint ? strstr(hint, "%s") : NULL;
	size_t len = strlen(err->text);
	char *end = err->text + len;
	size_t room = sizeof(err->text) - len;
	bool denied = err->kind == ERROR_DENIED;
	if (denied && refusal->unsent && refusal->realm)
		snprintf(end, room,
			 " (the login of %s was not sent: the token server %s is in "
			 "another domain)",
			 refusal->unsent, refusal->realm);
	else if (denied && refusal->unsent)
		snprintf(end, room, " (the login of %s was not sent: the registry asks for none)",
			 refusal->unsent);
	else if (gap)
		snprintf(end, room, " (%.*s%s%s)", (int)(gap - hint), hint, refusal->host, gap + 2);
	else if (hint)
		snprintf(end, room, " (%s)", hint);
}

bool explain_refusal(const struct refusal *refusal, struct error *err)
{
	add_hint(refusal, err);
	if (err->kind == ERROR_DENIED && refusal->place && refusal->password)
		error_wrap(err, "%s refused the user name or password of %s", refusal->host,
			   refusal->place);
	bool common = err->kind == ERROR_TLS || err->kind == ERROR_NOT_TLS ||
		      (err->kind == ERROR_DENIED && refusal->place && refusal->password);
	if (common)
		err->shared = (unsigned)strlen(err->text);
	if (common || err->kind != ERROR_DENIED)
		return false;
	const char *scope = refusal->scope ? refusal->scope : "";
	const char *joint = refusal->scope ? ", scope " : "";
	if (refusal->place)
		return error_wrap(err, "%s refused the login of %s for %s%s%s", refusal->host,
				  refusal->place, refusal->repository, joint, scope);
	return error_wrap(err, "%s refused anonymous access to %s%s%s", refusal->host,
			  refusal->repository, joint, scope);
}
