/* What a plain scalar means in YAML 1.1 (yaml.org/type): null, a truth value, a number or text. */
#pragma once

#include "doc/node.h"

/* The kind of a scalar without quotes; *truth is set for NODE_BOOL. */
enum node_kind yaml_scalar_kind(struct str text, bool *truth);
