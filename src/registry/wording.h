/*
 * What an answer that is no success says in words: a list of errors (distribution-spec "Error
 * Codes") or other JSON. Private to registry/. Pure apart from memory, any thread.
 */
#pragma once

#include "base/buf.h"

/*
 * Appends what the JSON in body says: "CODE: message" for each error of its list, or the members of
 * that kind at its top. False, and nothing appended: it is no JSON, or has none of them.
 */
bool wording_of_json(struct str body, struct buf *out);
/*
 * True when text has the word, whatever the case of either, and not as a part of something longer
 * such as the name of a repository. A word that ends in '*' may go on with letters and '_'.
 */
bool wording_has(struct str text, const char *word);
