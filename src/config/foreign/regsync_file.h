/*
 * The file of regsync, of the regclient project: `version`, `creds`, `defaults` and `sync`, whose
 * steps are of the type image, repository or registry. docs/from-regsync.md has each field with
 * what becomes of it.
 */
#pragma once

#include "config/foreign/translation.h"

bool regsync_file_recognise(const struct node *root);
void regsync_file_translate(struct translation *translation);
