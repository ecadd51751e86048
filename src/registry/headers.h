/* The headers that follow from a request, apart from the login. Private to registry/. */
#pragma once

#include "registry/request.h"

enum { HEADERS_MAX = 6 };

/* Fills list with *count lines "Name: value" in arena. False without memory. */
bool headers_of(const struct request *request, struct arena *arena, const char *list[HEADERS_MAX],
		size_t *count);
