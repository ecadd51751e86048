/*
 * Lines of images, as scripts read them:
 *
 *	# a comment
 *	--platform=linux/arm64 nginx:1.28      only this platform
 *	quay.io/coreos/etcd:v3.5.0 etcd        the name below --to, perhaps with a tag
 *
 * A file is one where nothing else is possible: its name ends in .txt, or its first word is
 * --platform, and no line is YAML's "key: value".
 */
#pragma once

#include "config/foreign/translation.h"

bool lines_file_recognise(const char *name, struct str text);
void lines_file_translate(struct translation *translation);
