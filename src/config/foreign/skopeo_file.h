/*
 * The file of `skopeo sync --src yaml`: registries with `images`, `images-by-tag-regex` and
 * `images-by-semver`, `credentials`, `tls-verify` and `cert-dir`. It names no destination: without
 * --names the copies are called by the last part of their names, as skopeo does without --scoped.
 */
#pragma once

#include "config/foreign/translation.h"

bool skopeo_file_recognise(const struct node *root);
void skopeo_file_translate(struct translation *translation);
