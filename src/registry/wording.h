/*
 * The words of an answer that is no success: a list of errors (distribution-spec "Error Codes") or
 * other JSON. Private to registry/. Pure apart from memory, any thread.
 */
#pragma once

#include "base/buf.h"

/*
 * Appends the words of the JSON in body: "CODE: message" for each error of its list, or such
 * members at its top level. False, with nothing appended: body is no JSON, or has none of them.
 */
bool wording_of_json(struct str body, struct buf *out);
/*
 * True when text contains the word, in upper or lower case, and not as a part of something longer
 * such as the name of a repository. A word that ends in '*' may continue with letters and '_'.
 */
bool wording_has(struct str text, const char *word);
