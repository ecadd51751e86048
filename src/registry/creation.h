/*
 * What a push may create where it is missing at the destination: a repository of Amazon ECR, a
 * project of Harbor. Plain records, made by config/, read by registry/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A tag of AWS on a repository; nothing that images have. */
struct creation_tag {
	const char *key;
	const char *value; /* perhaps "" */
};

/* How repositories are created. Zeroed: none are. */
struct creation_settings {
	bool wanted;
	bool scan;      /* images are scanned when they are pushed */
	bool immutable; /* their tags cannot be changed */
	const struct creation_tag *tags;
	size_t tag_count;
};

enum creation_project { CREATION_UNSAID, CREATION_NO, CREATION_YES };

struct creation {
	const struct creation_settings *repository; /* NULL: not given; they are, as AWS does it */
	enum creation_project project;              /* CREATION_UNSAID: they are not */
};
