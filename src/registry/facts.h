/*
 * What answers have taught about the repositories of a registry, so that each mistake is made once.
 *
 * A fact is about a subject, a repository for example, at one host and under one login. It holds
 * for the run. Without memory nothing is learnt, and the question is asked again. Private to
 * registry/. Any thread.
 */
#pragma once

#include "registry/registry.h"

enum fact {
	FACT_HEAD_TRUE,  /* repository: HEAD was right about a missing manifest */
	FACT_HEAD_FAILS, /* repository: HEAD of a manifest failed where GET did not */
	FACT_HEAD_WRONG, /* repository: manifests are asked for by GET */
	FACT_WRITE_ONLY, /* repository: the login may not ask for blobs */
	FACT_NO_MOUNT,   /* "FROM TO": mounting a blob is refused */
	FACT_NO_TYPE,    /* media type: manifests of it are refused */
	FACT_OWN_IMAGES, /* project of Harbor: it is no cache for another registry */
	FACT_HAS_LIST,   /* kind of list (discover/): the registry has it */
	FACT_NO_LIST,    /* repository: it has no list of tags with digests; "": none has */
	FACT_KIND_ASKED, /* "": it was asked what kind of registry it is (tags_ask()) */
	FACT_TAGS_MANY,  /* "": it says which tags a push has set (OCI-Tag) */
	FACT_TAGS_ONE,   /* "": it does not, or has refused to set several at once */
	FACT_LOGIN_GOOD, /* "": the registry accepted the login itself, as Basic */
};

struct facts;

/* NULL without memory. */
struct facts *facts_new(void);
/* *facts may be NULL. */
void facts_free(struct facts **facts);

void facts_learn(const struct access *access, enum fact fact, const char *subject);
bool facts_hold(const struct access *access, enum fact fact, const char *subject);
