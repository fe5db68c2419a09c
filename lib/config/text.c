// SPDX-License-Identifier: BSD-3-Clause
#include "config/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>

#include "settings/memory.h"

#define NOT_REGULAR ESPIPE // the errno of read_bytes for a FIFO, a device, a socket
#define WORD_LEN    40     // of a wrong word, the most that is shown

// One file being copied into the text.
struct scanner {
	struct cfg_text *text;
	struct errors *errors;
	const char *file;     // owned by the text
	unsigned int line;    // of at
	const char *at;       // next byte to look at
	const char *end;      // after the last byte
	bool is_line_start;   // only blanks since the line began
	bool is_after_string; // the last token was a string
	unsigned int n_held;  // line breaks since that string, not copied yet
};

static int scan_file(struct cfg_text *text, const char *file, struct errors *errors);

// Why read_bytes failed, by errno.
static const char *
read_error(void)
{
	return errno == NOT_REGULAR ? "Not a regular file" : strerror(errno);
}

static void
put(struct cfg_text *text, char byte)
{
	text->bytes = cfg_grow(text->bytes, text->size, &text->capacity, 1);
	text->bytes[text->size++] = byte;
}

// The text from here on comes from the given line.
static void
begin_line(struct cfg_text *text, const char *file, unsigned int line)
{
	text->lines =
		cfg_grow(text->lines, text->n_lines, &text->lines_capacity, sizeof(*text->lines));
	text->lines[text->n_lines++] = (struct cfg_place){file, line};
}

static void
put_line_break(struct scanner *scanner, unsigned int line)
{
	put(scanner->text, '\n');
	begin_line(scanner->text, scanner->file, line);
}

static void
release_held(struct scanner *scanner)
{
	for (; scanner->n_held > 0; scanner->n_held--)
		put_line_break(scanner, scanner->line - scanner->n_held + 1);
	scanner->is_after_string = false;
}

static void
line_break(struct scanner *scanner)
{
	scanner->line++;
	scanner->is_line_start = true;
	if (scanner->is_after_string)
		scanner->n_held++;
	else
		put_line_break(scanner, scanner->line);
}

static int
refuse(struct scanner *scanner, unsigned int line, const char *message)
{
	errors_add(scanner->errors, scanner->file, line, "%s", message);
	return -1;
}

static void
scan_line_comment(struct scanner *scanner)
{
	while (scanner->at < scanner->end && *scanner->at != '\n')
		scanner->at++;
}

static int
scan_block_comment(struct scanner *scanner)
{
	const unsigned int begin = scanner->line;

	put(scanner->text, ' ');
	put(scanner->text, ' ');
	for (scanner->at += 2; scanner->end - scanner->at >= 2; scanner->at++) {
		if (scanner->at[0] == '*' && scanner->at[1] == '/') {
			scanner->at += 2;
			put(scanner->text, ' ');
			put(scanner->text, ' ');
			return 0;
		}
		if (*scanner->at == '\n')
			line_break(scanner);
		else
			put(scanner->text, ' ');
	}
	return refuse(scanner, begin, "this comment is never closed");
}

static int
scan_string(struct scanner *scanner)
{
	const unsigned int begin = scanner->line;

	release_held(scanner);
	put(scanner->text, *scanner->at++);
	while (scanner->at < scanner->end) {
		char byte = *scanner->at++;

		if (byte == '\0')
			return refuse(scanner, scanner->line, "not a text file: a zero byte");
		put(scanner->text, byte);
		if (byte == '"') {
			scanner->is_after_string = true;
			return 0;
		}
		// Only quotes and backslashes matter here: an escaped quote must not end the
		// string, and an escaped backslash must not escape what follows.
		if (byte == '\\' && scanner->at < scanner->end &&
		    (*scanner->at == '"' || *scanner->at == '\\'))
			put(scanner->text, *scanner->at++);
		if (byte == '\n')
			begin_line(scanner->text, scanner->file, ++scanner->line);
	}
	return refuse(scanner, begin, "this string is never closed");
}

static bool
is_integer(const char *word, size_t len)
{
	bool is_hex = len > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	size_t i = is_hex ? 2 : len > 1 && (word[0] == '-' || word[0] == '+') ? 1 : 0;

	for (size_t j = i; j < len; j++) {
		if (is_hex ? !isxdigit((unsigned char)word[j]) : !isdigit((unsigned char)word[j]))
			return false;
	}
	return len > i;
}

// For libconfig, a number with L has another type, although it looks like the same number.
static void
refuse_suffix(const struct scanner *scanner, const char *word, size_t len)
{
	size_t n_digits = len;

	while (n_digits > 0 && word[n_digits - 1] == 'L')
		n_digits--;
	if (n_digits < len && is_integer(word, n_digits))
		errors_add(scanner->errors, scanner->file, scanner->line,
			   "leave out the L behind %.*s", (int)n_digits, word);
}

// True for an integer that libconfig would truncate to 32 bits. It knows decimal and hexadecimal
// ones, the latter without a sign.
static bool
is_wide_integer(const char *word, size_t len)
{
	char digits[24];
	bool is_hex = len > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X');
	bool is_signed = len > 1 && (word[0] == '-' || word[0] == '+');
	size_t i = is_hex ? 2 : is_signed ? 1 : 0;

	if (!is_integer(word, len))
		return false;
	while (i < len && word[i] == '0')
		i++;
	if (len - i >= sizeof(digits))
		return true;
	memcpy(digits, word + i, len - i);
	digits[len - i] = '\0';
	errno = 0;
	unsigned long long value = strtoull(digits, NULL, is_hex ? 16 : 10);

	if (errno != 0 || value > UINT32_MAX)
		return true;
	return !is_hex && value > (word[0] == '-' ? (uint32_t)INT32_MAX + 1 : INT32_MAX);
}

// True for a number with a fraction or an exponent, as libconfig knows them.
static bool
is_fraction(const char *word, size_t len)
{
	size_t i = len > 0 && (word[0] == '-' || word[0] == '+');
	size_t n_digits = 0;

	for (; i < len && (isdigit((unsigned char)word[i]) || word[i] == '.'); i++)
		n_digits += word[i] != '.';
	if (n_digits == 0 || memchr(word, '.', i) != memrchr(word, '.', i))
		return false;
	if (i == len)
		return true;
	return (word[i] == 'e' || word[i] == 'E') && is_integer(word + i + 1, len - i - 1);
}

// libconfig would split 30s and 10.0.0.1 into a number and a rest, and complain about the rest.
static int
check_number(const struct scanner *scanner, const char *word, size_t len)
{
	size_t n_digits = len;

	while (n_digits > 0 && word[n_digits - 1] == 'L')
		n_digits--;
	if ((!isdigit((unsigned char)word[0]) && strchr("+-.", word[0]) == NULL) ||
	    is_integer(word, n_digits) || is_fraction(word, len))
		return 0;
	errors_add(scanner->errors, scanner->file, scanner->line,
		   "\"%.*s\" is neither a number nor a name; a string stands in double quotes",
		   (int)RTE_MIN(len, (size_t)WORD_LEN), word);
	return -1;
}

// Whether a character may be in a name or a number, or in a word that is neither.
static bool
is_word_byte(char byte)
{
	return isalnum((unsigned char)byte) || (byte != '\0' && strchr("*+-._", byte) != NULL);
}

// A name, a number, or a word that is neither.
static int
scan_word(struct scanner *scanner)
{
	const char *begin = scanner->at;

	release_held(scanner);
	while (scanner->at < scanner->end && is_word_byte(*scanner->at))
		put(scanner->text, *scanner->at++);
	refuse_suffix(scanner, begin, (size_t)(scanner->at - begin));
	if (is_wide_integer(begin, (size_t)(scanner->at - begin)))
		put(scanner->text, 'L');
	return check_number(scanner, begin, (size_t)(scanner->at - begin));
}

static void
scan_other(struct scanner *scanner)
{
	char byte = *scanner->at++;

	if (isspace((unsigned char)byte)) {
		put(scanner->text, byte);
		return;
	}
	if (strchr(",;])}", byte) == NULL)
		release_held(scanner);
	put(scanner->text, byte);
	release_held(scanner);
}

// The file name of an @include, relative to the folder of the main file.
static char *
include_name(const struct cfg_text *text, const char *name, size_t len)
{
	const char *slash = strrchr(text->files[0], '/');
	int folder_len = slash == NULL ? 0 : (int)(slash + 1 - text->files[0]);

	if (len > 0 && name[0] == '/')
		folder_len = 0;
	return cfg_format("%.*s%.*s", folder_len, text->files[0], (int)len, name);
}

static int
include(struct scanner *scanner, const char *file)
{
	struct cfg_text *text = scanner->text;

	if (text->n_files == CFG_INCLUDES_MAX) {
		errors_add(scanner->errors, scanner->file, scanner->line,
			   "more than %d files: does one include itself?", CFG_INCLUDES_MAX);
		return -1;
	}
	// So far the line has only the blanks before @include.
	text->n_lines--;

	int rc = scan_file(text, file, scanner->errors);

	if (rc == 1) {
		errors_add(scanner->errors, scanner->file, scanner->line, "cannot include %s: %s",
			   file, read_error());
		rc = -1;
	}
	put_line_break(scanner, scanner->line);
	return rc;
}

// Copies the file of an @include at the start of a line. Returns true if there is one, with the
// result in *rc.
static bool
scan_include(struct scanner *scanner, int *rc)
{
	static const char word[] = "@include";
	const char *name;
	const char *close;

	if (!scanner->is_line_start || (size_t)(scanner->end - scanner->at) < sizeof(word) ||
	    memcmp(scanner->at, word, strlen(word)) != 0)
		return false;
	name = scanner->at + strlen(word);
	while (name < scanner->end && (*name == ' ' || *name == '\t'))
		name++;
	if (name == scanner->end || *name != '"')
		return false;
	name++;
	close = memchr(name, '"', (size_t)(scanner->end - name));
	if (close == NULL || memchr(name, '\n', (size_t)(close - name)) != NULL)
		return false;

	char *file = include_name(scanner->text, name, (size_t)(close - name));

	release_held(scanner);
	scanner->at = close + 1;
	scanner->is_line_start = false;
	*rc = include(scanner, file);
	free(file);
	return true;
}

static int
scan(struct scanner *scanner)
{
	int rc = 0;

	while (rc == 0 && scanner->at < scanner->end) {
		char byte = *scanner->at;
		bool is_last = scanner->at + 1 == scanner->end;

		if (byte == '@' && scan_include(scanner, &rc))
			continue;
		if (byte == '\n') {
			scanner->at++;
			line_break(scanner);
			continue;
		}
		if (byte != ' ' && byte != '\t')
			scanner->is_line_start = false;
		if (byte == '\0')
			rc = refuse(scanner, scanner->line, "not a text file: a zero byte");
		else if (byte == '#' || (byte == '/' && !is_last && scanner->at[1] == '/'))
			scan_line_comment(scanner);
		else if (byte == '/' && !is_last && scanner->at[1] == '*')
			rc = scan_block_comment(scanner);
		else if (byte == '"')
			rc = scan_string(scanner);
		else if (is_word_byte(byte))
			rc = scan_word(scanner);
		else
			scan_other(scanner);
	}
	release_held(scanner);
	return rc;
}

// All bytes of a file, owned by the caller; NULL with errno if it cannot be read. Never waits for a
// writer: neither a reload nor the process could be ended then.
static char *
read_bytes(const char *file, size_t *size)
{
	char *bytes = NULL;
	size_t capacity = 0;
	struct stat status;
	ssize_t n;
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	*size = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0)
		errno = S_ISDIR(status.st_mode)   ? EISDIR
			: S_ISREG(status.st_mode) ? 0
						  : NOT_REGULAR;
	while (errno == 0) {
		bytes = cfg_grow(bytes, *size, &capacity, 1);
		n = read(fd, bytes + *size, capacity - *size);
		if (n == 0)
			break;
		if (n > 0)
			*size += (size_t)n;
		else if (errno == EINTR)
			errno = 0;
		if (*size > CFG_TEXT_SIZE_MAX)
			errno = EFBIG;
	}
	int why = errno;

	close(fd);
	if (why != 0) {
		free(bytes);
		bytes = NULL;
	}
	errno = why;
	return bytes;
}

// Some editors write a byte order mark. For UTF-8 it has no meaning.
static size_t
mark_len(const char *bytes, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf";

	return size >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
}

static bool
is_utf16(const char *bytes, size_t size)
{
	return size >= 2 &&
	       (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
}

static const char *
remember_file(struct cfg_text *text, const char *file)
{
	text->files =
		cfg_grow(text->files, text->n_files, &text->files_capacity, sizeof(*text->files));
	text->files[text->n_files] = cfg_strdup(file);
	return text->files[text->n_files++];
}

// Copies one file into the text. Returns 0; -1 if an error was added; or 1 with errno if the file
// cannot be read, so that the caller can report where it is named.
static int
scan_file(struct cfg_text *text, const char *file, struct errors *errors)
{
	struct scanner scanner = {
		.text = text,
		.errors = errors,
		.file = remember_file(text, file),
		.line = 1,
		.is_line_start = true,
	};
	size_t size;
	char *bytes;
	int rc;

	begin_line(text, scanner.file, 1);
	bytes = read_bytes(file, &size);
	if (bytes == NULL)
		return 1;
	if (is_utf16(bytes, size)) {
		errors_add(errors, scanner.file, 0, "is UTF-16 text: save it as UTF-8");
		free(bytes);
		return -1;
	}
	scanner.at = bytes + mark_len(bytes, size);
	scanner.end = bytes + size;
	if (size + text->size > CFG_TEXT_SIZE_MAX) {
		free(bytes);
		errno = EFBIG;
		return 1;
	}
	rc = scan(&scanner);
	free(bytes);
	return rc;
}

int
cfg_text_read(struct cfg_text *text, const char *file, struct errors *errors)
{
	*text = (struct cfg_text){0};

	int rc = scan_file(text, file, errors);

	if (rc == 1)
		errors_add(errors, file, 0, "cannot be read: %s", read_error());
	put(text, '\0');
	text->size--;
	return rc == 0 ? 0 : -1;
}

void
cfg_text_fini(struct cfg_text *text)
{
	for (size_t i = 0; i < text->n_files; i++)
		free(text->files[i]);
	free(text->files);
	free(text->lines);
	free(text->bytes);
	*text = (struct cfg_text){0};
}

void
cfg_text_give_files(struct cfg_text *text, char ***files, size_t *n_files)
{
	*files = text->files;
	*n_files = text->n_files;
	text->files = NULL;
	text->n_files = 0;
}

struct cfg_place
cfg_text_place(const struct cfg_text *text, unsigned int line)
{
	size_t i = line == 0 ? 0 : line - 1;

	return text->lines[i < text->n_lines ? i : text->n_lines - 1];
}
