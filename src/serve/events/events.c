/* The table of vendors, in the order in which the documents list them. */
#include "serve/events/events.h"

#include "serve/events/payload.h"
#include "serve/events/proof.h"

static const struct event_kind kinds[] = {
	{"dockerhub", dockerhub_read, NULL, "docker.io"},
	{"harbor", harbor_read, proof_authorization, NULL},
	{"quay", quay_read, proof_authorization, NULL},
	{"github", github_read, proof_github, "ghcr.io"},
	{"gitlab", gitlab_read, proof_gitlab, NULL},
	{"acr", acr_read, proof_authorization, NULL},
	{"aliyun", aliyun_read, NULL, NULL},
	{"distribution", distribution_read, proof_authorization, NULL},
	{"zot", zot_read, proof_authorization, NULL},
	{"nexus", nexus_read, proof_nexus, NULL},
};

const struct event_kind *events_find(struct str name)
{
	for (size_t i = 0; i < array_count(kinds); i++)
		if (str_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

const struct event_kind *events_kind(size_t number)
{
	return number < array_count(kinds) ? &kinds[number] : NULL;
}
