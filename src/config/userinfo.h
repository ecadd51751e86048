/*
 * Passwords inside of names and URLs, as in https://user:password@registry.example.com/team/app.
 * Only the URL of a proxy may have one, but the message that refuses another quotes the name.
 */
#pragma once

#include "doc/node.h"

/* Registers the password in an authority, "user:password@host", as a secret. */
void userinfo_register(struct str authority);
/* The same for a name or URL; a digest behind its '@' is none. */
void userinfo_register_name(struct str name);
/* The same for all texts in a document, before anything is said about them. */
void userinfo_register_all(const struct node *root);
