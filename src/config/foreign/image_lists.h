/*
 * Files that list images for a disconnected place, or pin them: manifests of hauler (kind Images),
 * packages of zarf, image sets of oc-mirror, lock files of imgpkg and kbld. Whatever else they
 * bring along is left out, with a warning.
 */
#pragma once

#include "config/foreign/translation.h"

bool image_lists_is_hauler(const struct document *document);
void image_lists_hauler(struct translation *translation);
bool image_lists_is_zarf(const struct document *document);
void image_lists_zarf(struct translation *translation);
bool image_lists_is_oc_mirror(const struct document *document);
void image_lists_oc_mirror(struct translation *translation);
bool image_lists_is_imgpkg(const struct document *document);
void image_lists_imgpkg(struct translation *translation);
bool image_lists_is_kbld(const struct document *document);
void image_lists_kbld(struct translation *translation);
