/*
 * The images file as a list of rules, some of which are for lists of images:
 *
 *   - list: images.txt                    a file, or [nginx:1.28, redis:7.4]; must be there
 *     to: registry.example.com/mirror     a prefix or a list of them; must be there
 *     names: full                         what the copies are called (naming.h)
 *     platforms: linux/amd64              and all other terms and times of a rule (images_file.h)
 *   - quay.io/coreos/etcd:v3.5.0: registry.example.com/etcd
 *
 * An item without list, to and source is a mapping from sources to destinations, as a whole images
 * file is. A file with one list needs no dash: a mapping that has list and another field of these.
 * Files are found as those of options are, from the working directory.
 */
#pragma once

#include "config/document.h"
#include "config/expand.h"
#include "config/fields.h"
#include "config/rules/rule.h"

/* The fields of a list beside the terms. */
extern const struct fields_table lists_file_fields;

/* True when the document is such a file. */
bool lists_file_recognise(const struct document *document);
/* Turns the document into rules in arena, in file order. All mistakes go to problems. */
void lists_file_read(struct arena *arena, const struct document *document,
		     const struct expand_lookup *lookup, struct rules *out,
		     struct problems *problems);
