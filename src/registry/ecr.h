/*
 * Amazon ECR: gets a login for its registries with the AWS keys in the environment. Private to
 * registry/.
 *
 * GetAuthorizationToken of the ECR API (version 2015-09-21), signed with Signature Version 4, gives
 * a password for about twelve hours. AWS_ENDPOINT_URL_ECR or AWS_ENDPOINT_URL replaces the address
 * of the API.
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

/* What the name of a registry says: its region and the host of the API. */
struct ecr_name {
	struct str region; /* a slice of the host */
	char api[ECR_HOST_SIZE];
};

/*
 * Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and the endpoint, and registers
 * the secrets. Call it before other threads start. False without memory.
 */
bool ecr_keys_read(struct arena *arena, struct ecr_keys *out);
/* True for a private registry of ECR: ACCOUNT.dkr.ecr.REGION.amazonaws.com and its kin. */
bool ecr_name_parse(struct str host, struct ecr_name *out);
/* Asks for a login; *life_ms is how long it may be used before it should be renewed. */
bool ecr_login(const struct access *access, const struct ecr_name *name, struct login *out,
	       int64_t *life_ms, struct error *err);
/* Reads the answer that came at now (seconds since 1970). ERROR_CORRUPT, which never quotes it. */
bool ecr_parse(struct str body, int64_t now, struct login *out, int64_t *life_ms,
	       struct error *err);
