// SPDX-License-Identifier: BSD-3-Clause
//
// libconfig reads one word ahead and stops at the first word that cannot be right. So the wrong
// word is the last one of the shortest prefix that fails in the line of the error: a shorter prefix
// is either good or fails at its end, which is moved below that line. A binary search finds it.
//
// libconfig 1.5 does not free a string that it stops at. So it first reads a skeleton of the text,
// in which a number replaces every string, and the text itself only if the skeleton is good.
#include "config/syntax.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "settings/memory.h"

#define SHOWN_LEN  100 // bytes of a line, the most that is shown
#define BEFORE_LEN 72  // of these, the most before the word
#define WORD_LEN   40  // of a word

#define CHARACTER_LEN 4 // bytes of a UTF-8 character at most

struct word {
	size_t begin, end;
};

struct words {
	struct word *list; // owned
	size_t n, capacity;
	char *skeleton; // owned; of the same size as the text
};

// True for every byte of a UTF-8 character except its first.
static bool
continues_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

// The next word from *at on: a string, a name or number, or a single other character.
static bool
next_word(const struct cfg_text *text, size_t *at, struct word *word)
{
	const char *bytes = text->bytes;
	size_t i = *at + strspn(bytes + *at, " \t\r\n\f\v");

	if (i >= text->size)
		return false;
	word->begin = i++;
	if (bytes[word->begin] == '"') {
		while (i < text->size && bytes[i] != '"')
			i += bytes[i] == '\\' && i + 1 < text->size ? 2 : 1;
		i += i < text->size;
	} else if (isalnum((unsigned char)bytes[word->begin]) ||
		   strchr("*+-._", bytes[word->begin]) != NULL) {
		while (isalnum((unsigned char)bytes[i]) ||
		       (bytes[i] != '\0' && strchr("*+-._", bytes[i]) != NULL))
			i++;
	} else {
		while (i - word->begin < CHARACTER_LEN && continues_character(bytes[i]))
			i++;
	}
	word->end = *at = i;
	return true;
}

// Replaces a string by a number, or by nothing if it continues another string. Line breaks stay.
static void
blank_string(char *bytes, struct word word, bool continues)
{
	for (size_t i = word.begin; i < word.end; i++) {
		if (bytes[i] != '\n')
			bytes[i] = ' ';
	}
	if (continues)
		return;
	bytes[word.begin] = '0';
	if (word.end - word.begin > 1) // the text may end with a quote
		bytes[word.begin + 1] = '.';
}

static struct words
split(const struct cfg_text *text)
{
	struct words words = {.skeleton = cfg_strdup(text->bytes)};
	bool is_after_string = false;
	struct word word;
	size_t at = 0;

	while (next_word(text, &at, &word)) {
		bool is_string = text->bytes[word.begin] == '"';

		if (is_string)
			blank_string(words.skeleton, word, is_after_string);
		is_after_string = is_string;
		words.list = cfg_grow(words.list, words.n, &words.capacity, sizeof(word));
		words.list[words.n++] = word;
	}
	return words;
}

// True when libconfig finds an error in the text up to there, in that line or an earlier one.
static bool
fails_within(const struct words *words, size_t end, int line)
{
	char *part = cfg_format("%.*s\n\n", (int)end, words->skeleton);
	config_t tree;
	bool fails;

	config_init(&tree);
	fails = config_read_string(&tree, part) != CONFIG_TRUE && config_error_line(&tree) <= line;
	config_destroy(&tree);
	free(part);
	return fails;
}

// The index of the first word that ends in a line or below it.
static size_t
first_within(const struct cfg_text *text, const struct words *words, int line)
{
	size_t at = 0;
	size_t i;

	for (i = 0; i < words->n; i++) {
		for (; at < words->list[i].end; at++)
			line -= text->bytes[at] == '\n';
		if (line <= 1)
			break;
	}
	return i;
}

// The index of the wrong word; the number of words if the text ends too early.
static size_t
find_wrong(const struct cfg_text *text, const struct words *words, int line)
{
	size_t low = first_within(text, words, line);
	size_t high = words->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (fails_within(words, words->list[middle].end, line))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool
is_byte(const struct cfg_text *text, const struct word *word, const char *bytes)
{
	return word->end - word->begin == 1 && strchr(bytes, text->bytes[word->begin]) != NULL;
}

static bool
is_same_word(const struct cfg_text *text, const struct word *a, const struct word *b)
{
	size_t len = a->end - a->begin;

	return len == b->end - b->begin &&
	       memcmp(text->bytes + a->begin, text->bytes + b->begin, len) == 0;
}

// The innermost bracket that is open before a word; NULL if none.
static const struct word *
open_bracket(const struct cfg_text *text, const struct words *words, size_t before)
{
	size_t n_closed = 0;

	for (size_t i = before; i-- > 0;) {
		if (is_byte(text, &words->list[i], ")]}"))
			n_closed++;
		else if (is_byte(text, &words->list[i], "([{") && n_closed-- == 0)
			return &words->list[i];
	}
	return NULL;
}

// The same key earlier in the group; NULL if not found.
static const struct word *
first_of(const struct cfg_text *text, const struct words *words, size_t again)
{
	size_t depth = 0;

	for (size_t i = again; i-- > 0;) {
		const struct word *word = &words->list[i];

		if (is_byte(text, word, ")]}"))
			depth++;
		else if (is_byte(text, word, "([{") && depth-- == 0)
			return NULL;
		else if (depth == 0 && is_same_word(text, word, &words->list[again]) &&
			 is_byte(text, word + 1, "=:"))
			return word;
	}
	return NULL;
}

static struct cfg_place
place_of(const struct cfg_text *text, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text->bytes[i] == '\n';
	return cfg_text_place(text, line);
}

// The number of UTF-8 characters in some bytes.
static int
n_characters(const char *bytes, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += !continues_character(bytes[i]);
	return n;
}

// How many of the first len bytes are whole characters, if more bytes follow.
static size_t
whole_len(const char *bytes, size_t len)
{
	size_t whole = len;

	while (whole > 0 && len - whole < CHARACTER_LEN && continues_character(bytes[whole]))
		whole--;
	return continues_character(bytes[whole]) ? len : whole; // not UTF-8
}

// Adds the line in which a word begins, and a caret below the word.
static void
show(const struct cfg_text *text, size_t offset, struct cfg_place place, struct errors *errors)
{
	const char *at = text->bytes + offset;
	const char *begin = at;
	const char *end = at;
	char shown[SHOWN_LEN + 1];

	while (begin > text->bytes && begin[-1] != '\n' && at - begin < BEFORE_LEN)
		begin--;
	while (begin < at && continues_character(*begin))
		begin++;
	while (*end != '\0' && *end != '\n' && end - begin < SHOWN_LEN)
		end++;
	end = begin + whole_len(begin, (size_t)(end - begin));
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	for (size_t i = 0; i < (size_t)(end - begin); i++)
		shown[i] = iscntrl((unsigned char)begin[i]) ? (char)' ' : begin[i]; // tabs, too
	shown[end - begin] = '\0';
	errors_add(errors, place.file, place.line, "    %s", shown);
	errors_add(errors, place.file, place.line, "    %*s^",
		   n_characters(begin, (size_t)(at - begin)), "");
}

static void
report_end(const struct cfg_text *text, const struct words *words, struct errors *errors)
{
	const struct word *bracket = open_bracket(text, words, words->n);
	struct cfg_place place = place_of(text, text->size);
	struct cfg_place opened;

	if (bracket == NULL) {
		errors_add(errors, place.file, place.line, "syntax error at the end of the file");
		return;
	}
	opened = place_of(text, bracket->begin);
	errors_add(errors, opened.file, opened.line, "syntax error: this %c is never closed",
		   text->bytes[bracket->begin]);
	show(text, bracket->begin, opened, errors);
}

// True for a word that is in the place of a value.
static bool
lacks_quotes(const struct cfg_text *text, const struct words *words, size_t wrong)
{
	return isalpha((unsigned char)text->bytes[words->list[wrong].begin]) && wrong > 0 &&
	       is_byte(text, &words->list[wrong - 1], "=:,([");
}

static void
report_word(const struct cfg_text *text, const struct words *words, size_t wrong, const char *why,
	    struct errors *errors)
{
	const struct word *word = &words->list[wrong];
	struct cfg_place place = place_of(text, word->begin);
	const struct word *first = NULL;
	size_t len = word->end - word->begin;
	const char *quote = text->bytes[word->begin] == '"' ? "" : "\"";
	int shown_len = (int)whole_len(text->bytes + word->begin, len > WORD_LEN ? WORD_LEN : len);
	bool is_duplicate = strstr(why, "duplicate") != NULL;

	if (is_duplicate)
		first = first_of(text, words, wrong);
	if (first != NULL) {
		struct cfg_place before = place_of(text, first->begin);
		bool is_here = strcmp(before.file, place.file) == 0;

		errors_add(errors, place.file, place.line,
			   "duplicate key \"%.*s\": it has a value %s%s%s%u already", shown_len,
			   text->bytes + word->begin, is_here ? "in line " : "at ",
			   is_here ? "" : before.file, is_here ? "" : ":", before.line);
	} else {
		errors_add(errors, place.file, place.line, "%s%s %s%.*s%s%s%s",
			   is_duplicate ? "duplicate key" : why, is_duplicate ? "" : " at", quote,
			   shown_len, text->bytes + word->begin, len > WORD_LEN ? "..." : "", quote,
			   lacks_quotes(text, words, wrong) ? "; a string stands in double quotes"
							    : "");
	}
	show(text, word->begin, place, errors);
}

static void
report(const struct cfg_text *text, const struct words *words, const config_t *tree,
       struct errors *errors)
{
	const char *why = config_error_text(tree);
	const int line = config_error_line(tree);
	struct cfg_place place = cfg_text_place(text, (unsigned int)line);
	size_t wrong;

	if (strstr(why, "memory") != NULL) {
		errors_add(errors, place.file, place.line, "brackets are nested too deeply");
		return;
	}
	wrong = find_wrong(text, words, line);
	if (wrong == words->n)
		report_end(text, words, errors);
	else
		report_word(text, words, wrong, why, errors);
}

bool
cfg_check_syntax(const struct cfg_text *text, struct errors *errors)
{
	struct words words = split(text);
	config_t tree;
	bool is_good;

	config_init(&tree);
	is_good = config_read_string(&tree, words.skeleton) == CONFIG_TRUE;
	if (!is_good)
		report(text, &words, &tree, errors);
	config_destroy(&tree);
	free(words.list);
	free(words.skeleton);
	return is_good;
}
