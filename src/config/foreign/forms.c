/* The order is that in which forms are tried: one with fewer marks comes later. */
#include "config/foreign/forms.h"

#include "config/foreign/regsync_file.h"

static bool is_regsync(const struct document *document)
{
	return regsync_file_recognise(document->root);
}

static const struct form table[] = {
	{"regsync", "a file of regsync", is_regsync, regsync_file_translate, true, true},
};

const struct form *forms_named(struct str name)
{
	for (size_t i = 0; i < array_count(table); i++)
		if (str_is(name, table[i].name))
			return &table[i];
	return NULL;
}

const struct form *forms_find(const struct document *document)
{
	for (size_t i = 0; i < array_count(table); i++)
		if (table[i].recognise && table[i].recognise(document))
			return &table[i];
	return NULL;
}

const char *forms_name(size_t number)
{
	return number < array_count(table) ? table[number].name : NULL;
}

bool forms_translate(const struct form *form, struct translation *translation)
{
	const struct document *document = translation->document;
	const struct node *root = document->root;
	translation->images = translation_map(translation, root);
	translation->auth = translation_map(translation, root);
	translation->options = translation_map(translation, root);
	if (form->places && translation->to)
		problem_add(translation->problems, document_place(translation->arena, document, root),
			    "%s says itself where images go: leave out --to", form->title);
	if (!form->places && !translation->to)
		problem_add(translation->problems, document_place(translation->arena, document, root),
			    "%s does not say where its images go: give --to PREFIX, as in --to "
			    "registry.example.com/mirror",
			    form->title);
	if (!translation->failed)
		form->translate(translation);
	if (translation->failed)
		problem_add(translation->problems, document->name, "out of memory");
	return !translation->failed;
}

void forms_finish(struct translation *translation)
{
	map_finish(&translation->sources);
}
