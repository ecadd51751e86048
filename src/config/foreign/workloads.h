/*
 * Files that say what runs: manifests of Kubernetes, also many in a stream, and files of docker
 * compose.
 */
#pragma once

#include "config/foreign/translation.h"

bool workloads_is_kubernetes(const struct document *document);
/* The images of all containers, and of volumes that are images. */
void workloads_kubernetes(struct translation *translation);
/* Every text below a key called image, in YAML of any program. */
void workloads_image_keys(struct translation *translation);
bool workloads_is_compose(const struct document *document);
void workloads_compose(struct translation *translation);
