/* The registries of a file of regsync, which become entries of the auth file. */
#pragma once

#include "config/foreign/translation.h"

void regsync_creds_translate(struct translation *translation, const struct node *creds);
