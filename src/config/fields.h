/*
 * The fields of a mapping: how every form of configuration file reads one.
 *
 * A form lists its fields in a table, each with the kind of its value and a phrase that explains
 * it. fields_collect() finds the value of each field; the other functions read single values. Every
 * mistake goes to problems as "PLACE: SUBJECT: what is wrong". In JSON a name matches in upper and
 * lower case, as in the programs whose files are read here. Names that begin with x- are skipped,
 * since people keep anchors and notes below them. One thread.
 */
#pragma once

#include "config/document.h"
#include "doc/writer.h"

enum fields_kind {
	FIELDS_TEXT,   /* a string; in YAML any scalar, as it is written */
	FIELDS_TEXTS,  /* one of these, or a list of them */
	FIELDS_SWITCH, /* true or false */
	FIELDS_MAP,    /* a mapping */
	FIELDS_MIXED,  /* one of several kinds */
};

struct field {
	const char *name;
	enum fields_kind kind;
	const char *help; /* what the field says: a few words without a capital or a full stop */
	bool any_case;    /* the name matches in upper and lower case in YAML as well */
};

/* What is being read. */
struct fields_reading {
	struct arena *arena;
	const struct document *document;
	struct problems *problems;
	const char *subject; /* what the fields belong to, "quay.io/coreos/etcd"; NULL: nothing */
};

/* A text of a file and its place. */
struct placed {
	const char *text;
	const char *place; /* "images.yaml:3:1" */
};

struct fields_table {
	const struct field *fields;
	size_t count;                      /* at most FIELDS_MAX, with those of beside */
	const struct fields_table *beside; /* fields of the same mapping that another table reads */
	/* What to do about an unknown name that does not begin with x-; NULL: fields_refuse(). */
	void (*unknown)(const struct fields_reading *reading, const struct fields_table *table,
			const struct node *name);
};

enum { FIELDS_MAX = 40 };

/* True for a name that begins with x- and is skipped. */
bool fields_private(struct str name);

/*
 * Sets values[i] to the value of table->fields[i], or NULL. A field that is given twice, and an
 * unknown one, goes to problems.
 */
void fields_collect(const struct fields_reading *reading, const struct fields_table *table,
		    const struct node *map, const struct node **values);
/* The field of table, or of those beside it, that name is most likely a slip of; NULL: none. */
const struct field *fields_nearest(const struct fields_table *table, struct str name);
/* Adds a problem for an unknown name, with the field that was meant or all that there are. */
void fields_refuse(const struct fields_reading *reading, const struct fields_table *table,
		   const struct node *name);
/* Warns that the name is ignored, with the field that may have been meant. */
void fields_ignore(const struct fields_reading *reading, const struct fields_table *table,
		   const struct node *name);
/* Ignores the name without a warning. */
void fields_pass_over(const struct fields_reading *reading, const struct fields_table *table,
		      const struct node *name);
/* The first value of field in map; NULL: none. Further ones are not reported. */
const struct node *fields_find(const struct fields_reading *reading, const struct field *field,
			       const struct node *map);

/*
 * The text of a scalar, which may be left out: the empty slice for NULL, null and "". False, with a
 * problem added, when the value is of another kind.
 */
bool fields_text(const struct fields_reading *reading, const struct field *field,
		 const struct node *value, struct str *out);
/* The same for a value that must not be empty: null and "" are mistakes as well. */
bool fields_filled(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, struct str *out);
/* Reads a text that must not be empty, with its place. False, with a problem added: it is none. */
bool fields_placed(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, struct placed *out);
/* The same for one such text or a list of them; value may be NULL. *out has *count items. */
void fields_placed_list(const struct fields_reading *reading, const struct field *field,
			const struct node *value, const struct placed **out, size_t *count);
/* Reads a switch: fallback for NULL and null, and, with a problem added, for other kinds. */
bool fields_switch(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, bool fallback);
/* The number of items: 1, or that of a list. An empty list counts 0 and adds a problem. */
size_t fields_count(const struct fields_reading *reading, const struct field *field,
		    const struct node *value);
/* The item of a list at that index; value itself if it is no list. */
const struct node *fields_item(const struct node *value, size_t number);

/* "images.yaml:3:1", the place of node. */
const char *fields_place(const struct fields_reading *reading, const struct node *node);
/* Adds a problem at node. */
void fields_complain(const struct fields_reading *reading, const struct node *node,
		     const char *format, ...) printf_like(3, 4);
/* Adds the problem that memory ran out. */
void fields_memory(const struct fields_reading *reading);

/* Writes texts as the field of a mapping, a list of them or one. Nothing when there are none. */
void fields_write_list(const char *field, const struct placed *items, size_t count,
		       struct writer *out);
void fields_write_text(const char *field, const struct placed *text, struct writer *out);
