/*
 * The figures of a server in Prometheus' text format, version 0.0.4.
 *
 * Labels have few values, all known beforehand: no name of an image or a registry is one.
 */
#pragma once

#include "base/buf.h"
#include "serve/state.h"

/* What Content-Type says of it. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends all of them. Without memory, or if they do not fit, out is marked as failed. */
void metrics_write(const struct state *state, struct buf *out);
