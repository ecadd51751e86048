/*
 * Our own images file as a translation, for whoever prints it in another form. Lists of images that
 * lie in files of their own stay there, and kyma's form has no such mapping.
 */
#pragma once

#include "config/foreign/translation.h"

/* False with a refusal. */
bool own_file_translate(struct translation *translation);
