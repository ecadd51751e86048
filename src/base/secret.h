/*
 * Every live secret, so that no output can contain one.
 *
 * Code that obtains a password or token registers it; secret_mask() is applied by the log
 * sink, the terminal and the report. Masked are the text itself and its base64 (with and without
 * padding, and as in URLs), both in any spelling that quotes or escapes characters (spelling.h).
 * Safe from any thread.
 */
#pragma once

#include "base/buf.h"

enum { SECRET_SHORTEST = 4 };

/*
 * Remembers text. Fewer than SECRET_SHORTEST bytes are ignored, since ordinary words would be
 * masked.
 */
void secret_register(struct str text);
/* Registers user:password in base64 as well, the form of a Basic header. */
void secret_register_basic(struct str user, struct str password);
/*
 * The same for what a server gives out as often as it is asked. So many are kept that those in use
 * are among them; more take the place of those that were registered longest ago.
 */
void secret_register_token(struct str text);
void secret_register_login(struct str user, struct str password);
/*
 * Registers what may be a password in text, a URL that may be malformed: everything before the last
 * @, without a scheme and without a user and its colon. A user without a colon counts only when it
 * is as long as a token.
 */
void secret_register_userinfo(struct str text);
/* The same for any text, if it looks like SCHEME://...@ or USER:PASSWORD@HOST/PATH. */
void secret_suspect(struct str text);
/*
 * Appends text to out with every registered secret replaced by "***". If a secret could not be
 * stored for lack of memory, no text is safe, and out is marked as failed.
 */
void secret_mask(struct str text, struct buf *out);
/*
 * For a text that was cut off: the length up to a secret that may have been cut in two and would
 * not be recognised any more; the whole length if there is none.
 */
size_t secret_whole(struct str text);
/*
 * True when text is a secret, or contains one that is too long to be a coincidence. Such a text
 * must not become part of a name.
 */
bool secret_inside(struct str text);
/* True when text contains a secret, or is a part of one that is too long to be a coincidence. */
bool secret_revealed(struct str text);
/*
 * Remembers text, in this form only, until SECRET_PASSING newer ones have been added. For secrets
 * that are valid for one request; a run has as many of them as blobs.
 */
enum { SECRET_PASSING = 64 };
void secret_register_passing(struct str text);
/*
 * From now on fresh(form, passing) is called for each new form, by the thread that registers it and
 * before secret_register() returns, one call at a time. It must not register anything. NULL removes
 * it.
 */
void secret_watch(void (*fresh)(struct str form, bool passing));
/* Wipes and forgets all secrets, at the end of the process. */
void secret_forget(void);
