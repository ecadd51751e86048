/*
 * What --mirror-config says: a form and a file. Without a form the file's name tells it: .conf is
 * registries.conf, .yaml and .yml are for OpenShift. hosts.toml takes a folder, since containerd
 * has one of these files for each registry.
 */
#pragma once

#include "config/options/options.h"
#include "config/problem.h"

enum mirror_form { MIRROR_REGISTRIES, MIRROR_HOSTS, MIRROR_OPENSHIFT, MIRROR_FORMS };

struct mirror_options {
	enum mirror_form form;
	const char *path; /* NULL: nothing is written */
};

/* The form of that name; MIRROR_FORMS: there is none. */
enum mirror_form mirror_options_form(struct str name);
/* Reads the option; mistakes go to problems, which may be NULL. */
struct mirror_options mirror_options_read(const struct options *options, struct problems *problems);
