/*
 * When a new image may be copied: once it is old enough, unless a list holds it back or releases
 * it. These are texts and numbers; plan/picks.h says what the texts name, copy/judge/cooldown.h how
 * old an image is.
 */
#pragma once

#include "config/fields.h"
#include "config/options/options.h"

struct terms;

/* Each text is a list of tags, digests and patterns, as after the ':' of a source. */
struct picks {
	const struct placed *items;
	size_t count;
	const struct picks *beside; /* those of the options, which count as well; NULL: none */
	bool option;                /* it is from the options */
};

/* Both as they count together; own may be NULL. Joining the same again changes nothing. */
struct picks *cooldown_join(struct picks *own, struct picks *general);
/* Writes the texts as a field, those of the options as well; nothing for NULL. */
void cooldown_write_picks(const char *field, const struct picks *picks, struct writer *out);
/* Appends an age as it is written: "7d", "36h"; "0" for none. */
void cooldown_print_age(int64_t seconds, struct buf *out);

/* Reads --min-age, --hold and --release into out. Every mistake goes to problems. */
void cooldown_options_read(struct arena *arena, const struct options *options, struct terms *out,
			   struct problems *problems);
/* Reads the fields of a rule of those names; values may be NULL. */
void cooldown_fields_read(const struct fields_reading *reading, const struct field fields[3],
			  const struct node *const values[3], struct terms *out);
