/*
 * The fields of a mapping: how every format of configuration takes one apart.
 *
 * A format lists its fields in a table, with what their values have to be and a sentence for
 * people. fields_collect() finds the value of each; the other functions read single values. Every
 * mistake goes to problems as "PLACE: SUBJECT: what is wrong". In JSON names are known in any case
 * of letters, as in the programs whose files are read here. Names that begin with x- are nobody's:
 * people keep anchors and notes below them. One thread.
 */
#pragma once

#include "config/document.h"

enum fields_kind {
	FIELDS_TEXT,   /* a string; in YAML any scalar, as it is written */
	FIELDS_TEXTS,  /* one of these, or a list of them */
	FIELDS_SWITCH, /* true or false */
	FIELDS_MAP,    /* a mapping */
	FIELDS_MIXED,  /* of several kinds */
};

struct field {
	const char *name;
	enum fields_kind kind;
	const char *help; /* what the field says, in a few words without a capital or a full stop */
	bool any_case;    /* also in YAML the case of letters does not count */
};

/* What is being read. */
struct fields_reading {
	struct arena *arena;
	const struct document *document;
	struct problems *problems;
	const char *subject; /* what the fields belong to, "quay.io/coreos/etcd"; NULL: nothing */
};

struct fields_table {
	const struct field *fields;
	size_t count;                      /* at most FIELDS_MAX with those beside */
	const struct fields_table *beside; /* fields of the same mapping that another table reads */
	/* What to do about an unknown name that does not begin with x-; NULL: fields_refuse(). */
	void (*unknown)(const struct fields_reading *reading, const struct fields_table *table,
			const struct node *name);
};

enum { FIELDS_MAX = 32 };

/* Whether a name is somebody's own, and not looked at. */
bool fields_private(struct str name);

/*
 * Sets values[i] to the value of table->fields[i], or NULL. A field that is given twice, and an
 * unknown one, goes to problems.
 */
void fields_collect(const struct fields_reading *reading, const struct fields_table *table,
		    const struct node *map, const struct node **values);
/* The field, of the table or beside it, that name most likely stands for; NULL: none. */
const struct field *fields_nearest(const struct fields_table *table, struct str name);
/* Refuses an unknown name, and says which one was meant or which there are. */
void fields_refuse(const struct fields_reading *reading, const struct fields_table *table,
		   const struct node *name);
/* Warns that the name is ignored, and says which one may have been meant. */
void fields_ignore(const struct fields_reading *reading, const struct fields_table *table,
		   const struct node *name);
/* Does nothing about it. */
void fields_pass_over(const struct fields_reading *reading, const struct fields_table *table,
		      const struct node *name);
/* The first value of field in map, without a word about others; NULL: none. */
const struct node *fields_find(const struct fields_reading *reading, const struct field *field,
			       const struct node *map);

/*
 * The text of a scalar, which may be left out: the empty slice for NULL, null and "". False, with a
 * problem added, when the value is of another kind.
 */
bool fields_text(const struct fields_reading *reading, const struct field *field,
		 const struct node *value, struct str *out);
/* The same for a value that must say something: null and "" are mistakes as well. */
bool fields_filled(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, struct str *out);
/* A switch: fallback for NULL and null, and, with a problem added, for what is no boolean. */
bool fields_switch(const struct fields_reading *reading, const struct field *field,
		   const struct node *value, bool fallback);
/* How many items value is: one, or those of a list; an empty list is 0 and adds a problem. */
size_t fields_count(const struct fields_reading *reading, const struct field *field,
		    const struct node *value);
/* The item of that number: of a list, or value itself. */
const struct node *fields_item(const struct node *value, size_t number);

/* "images.yaml:3:1", the place of node. */
const char *fields_place(const struct fields_reading *reading, const struct node *node);
/* Tells a mistake at node. */
void fields_complain(const struct fields_reading *reading, const struct node *node,
		     const char *format, ...) printf_like(3, 4);
/* Tells that memory ran out. */
void fields_memory(const struct fields_reading *reading);
