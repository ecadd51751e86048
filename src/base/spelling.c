/*
 * Listing each spelling of a secret fails because servers mix them: one encodes only blanks, the
 * next everything but letters, a third encodes the result once more. So the text is decoded while
 * it is compared.
 *
 * A character of level 0 is a byte. A character of level n is decoded from an escape written in
 * characters of level n - 1. At each offset of the text there is one reading for each level, and
 * usually they are all equal. All are followed at once, since only later text shows which one was
 * meant.
 */
#include "base/spelling.h"

#include "base/scoped.h"

#include <string.h>

enum {
	PLACES_MAX = 8,     /* readings that are followed */
	ESCAPE_MAX = 14,    /* letters or digits of an escape */
	UNDECIDED_MAX = 64, /* a rest this short may be an escape that was cut off */
	CODE_MAX = 0x10ffff,
};

/* The character at one offset of the text, in one reading. */
struct unit {
	unsigned char bytes[4];
	size_t count;
	size_t taken; /* bytes of the text that it takes; 0: the text has ended */
};

/* The characters of an escape while it is read. */
struct cursor {
	struct str text;
	size_t at;
	unsigned level;
};

static const struct {
	const char *name;
	char c;
} entities[] = {
	{"amp", '&'},      {"lt", '<'},           {"gt", '>'},     {"quot", '"'},   {"AMP", '&'},
	{"LT", '<'},       {"GT", '>'},           {"QUOT", '"'},   {"apos", '\''},  {"Tab", '\t'},
	{"NewLine", '\n'}, {"excl", '!'},         {"num", '#'},    {"dollar", '$'}, {"percnt", '%'},
	{"lpar", '('},     {"rpar", ')'},         {"ast", '*'},    {"midast", '*'}, {"plus", '+'},
	{"comma", ','},    {"period", '.'},       {"sol", '/'},    {"colon", ':'},  {"semi", ';'},
	{"equals", '='},   {"quest", '?'},        {"commat", '@'}, {"lsqb", '['},   {"lbrack", '['},
	{"bsol", '\\'},    {"rsqb", ']'},         {"rbrack", ']'}, {"Hat", '^'},    {"lowbar", '_'},
	{"UnderBar", '_'}, {"grave", '`'},        {"lcub", '{'},   {"lbrace", '{'}, {"verbar", '|'},
	{"vert", '|'},     {"VerticalLine", '|'}, {"rcub", '}'},   {"rbrace", '}'},
};

/* Entities that are valid without a semicolon. */
enum { LEGACY_ENTITIES = 8 };

/* The names of U+00A0 to U+00FF. */
static const char latin[] =
	"nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg "
	"plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 "
	"iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml "
	"Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave "
	"Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil "
	"egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde "
	"ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

static struct unit read_unit(struct str text, unsigned level);

/* The next character if it is ASCII; else -1, and nothing is taken. */
static int peek(const struct cursor *cursor, size_t *taken)
{
	struct unit unit = read_unit(str_from(cursor->text, cursor->at), cursor->level);
	*taken = unit.taken;
	return unit.count == 1 && unit.bytes[0] < 0x80 ? unit.bytes[0] : -1;
}

static int next(struct cursor *cursor)
{
	size_t taken = 0;
	int c = peek(cursor, &taken);
	if (c >= 0)
		cursor->at += taken;
	return c;
}

static int digit_of(int c, unsigned base)
{
	int value = c >= '0' && c <= '9'   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10
					   : -1;
	return value < (int)base ? value : -1;
}

/* Reads up to most digits; returns their number. */
static unsigned take_number(struct cursor *cursor, unsigned base, unsigned most, uint32_t *out)
{
	unsigned count = 0;
	*out = 0;
	for (size_t taken; count < most; count++) {
		int digit = digit_of(peek(cursor, &taken), base);
		if (digit < 0)
			break;
		*out = *out > CODE_MAX ? *out : *out * base + (uint32_t)digit;
		cursor->at += taken;
	}
	return count;
}

static bool take_exactly(struct cursor *cursor, unsigned base, unsigned count, uint32_t *out)
{
	return take_number(cursor, base, count, out) == count;
}

static bool take_char(struct cursor *cursor, char wanted)
{
	size_t taken = 0;
	if (peek(cursor, &taken) != wanted)
		return false;
	cursor->at += taken;
	return true;
}

static void set_byte(struct unit *unit, uint32_t byte)
{
	unit->bytes[0] = (unsigned char)byte;
	unit->count = 1;
}

/* Stores the character in UTF-8. False: there is no such character. */
static bool set_code(struct unit *unit, uint32_t code)
{
	if (code > CODE_MAX)
		return false;
	unit->count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = unit->count; i > 1; i--, code >>= 6)
		unit->bytes[i - 1] = (unsigned char)(0x80 | (code & 0x3f));
	static const unsigned char leads[] = {0x00, 0x00, 0xc0, 0xe0, 0xf0};
	unit->bytes[0] = (unsigned char)(leads[unit->count] | code);
	return true;
}

/* Reads what follows "%". */
static bool percent(struct cursor *cursor, struct unit *out)
{
	uint32_t code;
	if (take_char(cursor, 'u'))
		return take_exactly(cursor, 16, 4, &code) && set_code(out, code);
	if (!take_exactly(cursor, 16, 2, &code))
		return false;
	set_byte(out, code);
	return true;
}

static bool named_entity(struct str name, bool ended, struct unit *out)
{
	struct str rest = str_of(latin);
	struct str word;
	for (size_t i = 0; i < (ended ? array_count(entities) : LEGACY_ENTITIES); i++)
		if (str_is(name, entities[i].name))
			return set_code(out, (uint32_t)entities[i].c);
	for (uint32_t code = 0xa0; ended && str_cut(&rest, ' ', &word); code++)
		if (str_equal(name, word))
			return set_code(out, code);
	return false;
}

/*
 * Reads a name of letters and digits after "&"; without a semicolon, the shortest known name
 * counts.
 */
static bool entity_name(struct cursor *cursor, struct unit *out)
{
	char name[ESCAPE_MAX];
	struct cursor shortest = *cursor;
	bool legacy = false;
	for (size_t len = 0; len < sizeof(name); len++) {
		struct str read = {name, len};
		if (take_char(cursor, ';'))
			return named_entity(read, true, out);
		if (!legacy && named_entity(read, false, out)) {
			legacy = true;
			shortest = *cursor;
		}
		int c = next(cursor);
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit_of(c, 10) >= 0))
			break;
		name[len] = (char)c;
	}
	*cursor = shortest;
	return legacy;
}

/* Reads what follows "&". */
static bool entity(struct cursor *cursor, struct unit *out)
{
	uint32_t code;
	if (!take_char(cursor, '#'))
		return entity_name(cursor, out);
	bool hex = take_char(cursor, 'x') || take_char(cursor, 'X');
	if (!take_number(cursor, hex ? 16 : 10, ESCAPE_MAX, &code) || !set_code(out, code))
		return false;
	take_char(cursor, ';');
	return true;
}

/* Reads what follows "\u": four digits, perhaps half of a surrogate pair, or a number in braces. */
static bool unicode(struct cursor *cursor, struct unit *out)
{
	uint32_t code, low;
	if (take_char(cursor, '{'))
		return take_number(cursor, 16, 8, &code) && take_char(cursor, '}') &&
		       set_code(out, code);
	if (!take_exactly(cursor, 16, 4, &code))
		return false;
	struct cursor behind = *cursor;
	if (code >= 0xd800 && code < 0xdc00 && take_char(&behind, '\\') &&
	    take_char(&behind, 'u') && take_exactly(&behind, 16, 4, &low) && low >= 0xdc00 &&
	    low < 0xe000) {
		*cursor = behind;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	return set_code(out, code);
}

/* Reads what follows "\". */
static bool backslash(struct cursor *cursor, struct unit *out)
{
	static const char letters[] = "abefnrtv";
	static const char meanings[] = "\a\b\033\f\n\r\t\v";
	uint32_t code;
	struct cursor octal = *cursor;
	if (take_exactly(&octal, 8, 3, &code) && code < 256) {
		*cursor = octal;
		set_byte(out, code);
		return true;
	}
	int c = next(cursor);
	if (c <= ' ')
		return false;
	if (c == 'u')
		return unicode(cursor, out);
	if (c == 'U')
		return take_exactly(cursor, 16, 8, &code) && set_code(out, code);
	if (c == 'x' && !take_exactly(cursor, 16, 2, &code))
		return false;
	const char *letter = strchr(letters, c);
	bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit_of(c, 10) >= 0;
	if (word && c != 'x' && !letter)
		return false;
	set_byte(out, c == 'x' ? code
		      : letter ? (uint32_t)meanings[letter - letters]
			       : (uint32_t)c);
	return true;
}

/* The first character of a text that was escaped level times. */
static struct unit read_unit(struct str text, unsigned level)
{
	struct unit unit = {0};
	if (!text.len)
		return unit;
	if (!level) {
		set_byte(&unit, (unsigned char)text.at[0]);
		unit.taken = 1;
		return unit;
	}
	unit = read_unit(text, level - 1);
	struct cursor cursor = {text, unit.taken, level - 1};
	struct unit meant = {0};
	int c = unit.count == 1 ? unit.bytes[0] : 0;
	bool escape = (c == '%' && percent(&cursor, &meant)) ||
		      (c == '&' && entity(&cursor, &meant)) ||
		      (c == '\\' && backslash(&cursor, &meant));
	if (!escape)
		return unit;
	meant.taken = cursor.at;
	return meant;
}

/* True for a character that begins an escape. */
static bool is_special(char c)
{
	return c == '%' || c == '&' || c == '\\';
}

/* The different readings of the first character of text; returns their number. */
static size_t readings(struct str text, struct unit out[SPELLING_LEVELS + 1])
{
	size_t count = 0;
	bool escaped = text.len && is_special(text.at[0]);
	for (unsigned level = 0; level <= (escaped ? SPELLING_LEVELS : 0); level++) {
		struct unit unit = read_unit(text, level);
		if (unit.taken && (!count || unit.taken != out[count - 1].taken))
			out[count++] = unit;
	}
	return count;
}

/* The number of bytes of plain that the unit matches; 0: none. */
static size_t means(const struct unit *unit, struct str plain)
{
	if (unit->count == 1 && unit->bytes[0] == '+' && plain.at[0] == ' ')
		return 1;
	bool same = unit->count <= plain.len && memcmp(unit->bytes, plain.at, unit->count) == 0;
	return same ? unit->count : 0;
}

/* Offsets in the text that correspond to one offset in plain. */
struct spelling_offsets {
	size_t at[PLACES_MAX];
	size_t count;
};

static void add_place(struct spelling_offsets *places, size_t at)
{
	for (size_t i = 0; i < places->count; i++)
		if (places->at[i] == at)
			return;
	if (places->count < PLACES_MAX)
		places->at[places->count++] = at;
}

static bool any_place(const struct spelling_offsets *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (places[i].count)
			return true;
	return false;
}

/* True when text, the unread part, may end in the middle of an escape. */
static bool ends(struct str text)
{
	return !text.len || (text.len < UNDECIDED_MAX && is_special(text.at[0]));
}

/* Advances each offset by the readings that match the rest of plain. */
static void advance(struct str plain, struct str text, const struct spelling_offsets *from,
		    struct spelling_offsets *const to[4])
{
	for (size_t i = 0; i < from->count; i++) {
		struct unit units[SPELLING_LEVELS + 1];
		size_t count = readings(str_from(text, from->at[i]), units);
		for (size_t j = 0; j < count; j++) {
			size_t step = means(&units[j], plain);
			if (step)
				add_place(to[step - 1], from->at[i] + units[j].taken);
		}
	}
}

enum spelling spelling_compare(struct str plain, struct str text, size_t *len)
{
	enum { RING = 5 }; /* a unit matches at most four bytes of plain */
	struct spelling_offsets ring[RING] = {{{0}, 1}};
	bool cut = false;
	for (size_t i = 0; i < plain.len && any_place(ring, RING); i++) {
		struct spelling_offsets now = ring[i % RING];
		struct spelling_offsets *const ahead[] = {
			&ring[(i + 1) % RING], &ring[(i + 2) % RING], &ring[(i + 3) % RING],
			&ring[(i + 4) % RING]};
		ring[i % RING].count = 0;
		for (size_t j = 0; i && j < now.count; j++)
			cut = cut || ends(str_from(text, now.at[j]));
		advance(str_from(plain, i), text, &now, ahead);
	}
	const struct spelling_offsets *found = &ring[plain.len % RING];
	*len = 0;
	for (size_t i = 0; i < found->count; i++)
		*len = found->at[i] > *len ? found->at[i] : *len;
	return *len ? SPELLING_WHOLE : cut ? SPELLING_CUT : SPELLING_NONE;
}

size_t spelling_literal(struct str text, size_t most)
{
	size_t len = 0;
	while (len < text.len && len < most && !is_special(text.at[len]) && text.at[len] != '+')
		len++;
	return len;
}

size_t spelling_heads(struct str text, unsigned char heads[SPELLING_HEADS])
{
	struct unit units[SPELLING_LEVELS + 1];
	size_t count = readings(text, units);
	bool plus = false;
	for (size_t i = 0; i < count; i++) {
		heads[i] = units[i].bytes[0];
		plus |= heads[i] == '+';
	}
	if (plus)
		heads[count++] = ' ';
	return count;
}
