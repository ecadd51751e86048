/*
 * Cuts free text into words that could name an image, with what stands around them.
 *
 * The text is Markdown that anybody may have written, in any language, and it need be neither valid
 * nor UTF-8. Words end at blanks, quotes, brackets and all that is no letter; comments of HTML have
 * none. Pure; words are slices of the text.
 */
#pragma once

#include "base/str.h"

struct text_word {
	struct str text;   /* without emphasis and punctuation around it */
	struct str before; /* what stands before it on its line */
	int line, column;  /* from 1; columns count bytes */
	bool code;         /* it is in a block of code, or between backticks */
	bool first, last;  /* there is no other word before, or behind it, on its line */
	bool ended;        /* it is the last one, or punctuation follows it */
	bool colon;        /* a ':' at its end was cut off */
	bool foreign;      /* it has letters that are not ASCII, or that nobody sees */
};

/* Where the next word is looked for. Private, but for .text, the whole text, which begins it. */
struct words {
	struct str text;
	struct str line, rest; /* of the line under way */
	int number;
	char fence;         /* the sign of the block of code we are in; 0: in none */
	size_t fence_count; /* how many of them began it */
	size_t ticks;       /* backticks that began the code we are in; 0: we are in none */
	bool comment;       /* inside a comment of HTML */
	bool seen;          /* there was a word on the line */
};

/* Finds the next word; false: there is none. */
bool words_next(struct words *words, struct text_word *word);
/*
 * A word with a letter of ASCII in place of each other one, and nothing for what nobody sees: what
 * it would be if it were written in ASCII. It fits into size bytes, or is cut.
 */
struct str words_plain(struct str word, char *into, size_t size);
/*
 * The length of the first character of text, which is not empty, and its code point: a byte that is
 * no UTF-8 is one itself.
 */
size_t words_code(struct str text, uint32_t *code);
/* The first code point of a word that is not ASCII; 0: there is none. */
uint32_t words_foreign(struct str word);
