/*
 * The file of dregsy: `relay` and `tasks`, each with a source, a target and `mappings` of paths,
 * whose tags are names and the filters semver:, regex: and keep:.
 */
#pragma once

#include "config/foreign/translation.h"

bool dregsy_file_recognise(const struct node *root);
void dregsy_file_translate(struct translation *translation);
