/*
 * Amazon ECR: calls of its API (version 2015-09-21) with the AWS keys in the environment, signed
 * with Signature Version 4. For registry/ and discover/.
 *
 * GetAuthorizationToken gives a login for its registries for about twelve hours.
 * AWS_ENDPOINT_URL_ECR or AWS_ENDPOINT_URL replaces the address of the API.
 */
#pragma once

#include "registry/login.h"

enum { ECR_HOST_SIZE = 128 };

/* From the environment; strings live in an arena. */
struct ecr_keys {
	const char *access; /* NULL: there are no keys */
	const char *secret;
	const char *session;  /* NULL: permanent keys */
	const char *endpoint; /* NULL: that of the registry's region */
};

/* What the name of a registry says; the slices are of the host. */
struct ecr_name {
	struct str account; /* whose registry it is */
	struct str region;
	char api[ECR_HOST_SIZE]; /* the host of the API */
};

/* A call of the API. */
struct ecr_call {
	const char *action;     /* "DescribeRepositories" */
	const char *permission; /* that it takes, for messages; NULL: any keys will do */
	struct str body;        /* its JSON */
	const char *settled;    /* an error that means that it is done already; or NULL */
	size_t answer_max;      /* bytes */
};

/*
 * Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and the endpoint, and registers
 * the secrets. Call it before other threads start. False without memory.
 */
bool ecr_keys_read(struct arena *arena, struct ecr_keys *out);
/* True for a private registry of ECR: ACCOUNT.dkr.ecr.REGION.amazonaws.com and its kin. */
bool ecr_name_parse(struct str host, struct ecr_name *out);
/* True when access is to a private registry of ECR and there are keys for the API. */
bool ecr_has_keys(const struct access *access, struct ecr_name *out);
/*
 * Makes the call, again where that may help, as after ThrottlingException. True: *answer is a 200,
 * or says that the call is settled. ERROR_DENIED: the keys are wrong, or lack the permission.
 */
bool ecr_call(const struct access *access, const struct ecr_name *name, const struct ecr_call *call,
	      struct http_answer *answer, struct error *err);
/* Asks for a login; *life_ms is how long it may be used before it should be renewed. */
bool ecr_login(const struct access *access, const struct ecr_name *name, struct login *out,
	       int64_t *life_ms, struct error *err);
/* Reads the answer that came at now (seconds since 1970). ERROR_CORRUPT, which never quotes it. */
bool ecr_parse(struct str body, int64_t now, struct login *out, int64_t *life_ms,
	       struct error *err);
