/*
 * Images that the page of a registry is about: what people copy from their browser.
 *
 * Docker Hub, quay.io, the packages of GitHub and Amazon's public gallery. Nothing is requested.
 * Pure.
 */
#pragma once

#include "base/buf.h"

/*
 * Appends the name of the image that the page at address is about, with its tag or digest if the
 * address has one; a scheme may be left out. False: it is no such page.
 */
bool pages_image(struct str address, struct buf *out);
