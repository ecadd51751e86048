/*
 * The name of an image: host, repository and a tag or digest.
 *
 * An image is at a registry or in a folder (layout_name.h), which is then host and repository.
 *
 * Parsing follows the Docker reference grammar with Docker Hub's short forms: `nginx` is
 * docker.io/library/nginx, `index.docker.io` is docker.io. Hosts are lower-cased, nothing is
 * trimmed. See distribution-spec 1.1 "Pulling manifests" for the grammar of names and tags. Plain
 * records; strings live in the arena they were parsed into, NULL means absent.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum { REFERENCE_TAG_MAX = 128, REFERENCE_PATH_MAX = 255 };

struct reference {
	const char *host;       /* "docker.io", "reg.io:5000", "[::1]:5000" */
	const char *repository; /* "library/nginx" */
	const char *tag;
	const char *digest; /* "sha256:..." */
};

/* Parses host/repository[:tag][@digest]. ERROR_CONFIG says what is wrong with the text. */
bool reference_parse(struct arena *arena, struct str text, struct reference *out,
		     struct error *err);
/* True for [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}. */
bool reference_tag_valid(struct str tag);
/* The same, and that digest is one which can be verified. ERROR_CONFIG says what is wrong. */
bool reference_check_tag(struct str tag, struct error *err);
bool reference_check_digest(struct str digest, struct error *err);
/* The host requests go to: docker.io is served by registry-1.docker.io. */
const char *reference_api_host(const char *host);
/* The other way round: the one name that hosts of the same registry have in common. */
const char *reference_common_host(const char *host);
/* The tag, else the digest, else "latest": the last part of a manifest's URL. */
const char *reference_target(const struct reference *ref);
/* Appends host/repository[:tag][@digest]. */
void reference_print(const struct reference *ref, struct buf *out);
/* The same, allocated; NULL without memory. */
char *reference_string(struct arena *arena, const struct reference *ref);
