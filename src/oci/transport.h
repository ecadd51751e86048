/*
 * Names of images that are in no registry, as skopeo, podman and regctl write them: "dir:/tmp/x".
 *
 * Most of them would pass as names at Docker Hub ("oci-archive:x.tar"), or fail with a message
 * about something else. So they are recognised before a name is parsed. Pure.
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

/* False, with ERROR_CONFIG in err, when text means an image that is in no registry. */
bool transport_check(struct str text, struct error *err);
