// SPDX-License-Identifier: BSD-3-Clause
#include "settings/closest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define WORD_LEN 32 // longer words have no close one

static unsigned int
least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

// Number of letters to insert, delete, replace or swap with their neighbour to turn a into b. Case
// is ignored, but words that differ only in case are one apart.
static unsigned int
edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_LEN + 1]; // those of the matrix that are still needed
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);

	if (a_len > WORD_LEN || b_len > WORD_LEN)
		return UINT32_MAX;
	for (unsigned int j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (unsigned int i = 1; i <= a_len; i++) {
		const unsigned int *before = rows[(i + 1) % 3];
		const unsigned int *above = rows[(i - 1) % 3];
		unsigned int *row = rows[i % 3];

		row[0] = i;
		for (unsigned int j = 1; j <= b_len; j++) {
			unsigned int is_other = tolower((unsigned char)a[i - 1]) !=
						tolower((unsigned char)b[j - 1]);

			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + is_other);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len] == 0 && strcmp(a, b) != 0 ? 1 : rows[a_len % 3][b_len];
}

void
cfg_closest_init(struct cfg_closest *closest, const char *word)
{
	// One mistake per three letters; a word of two letters may also have one.
	size_t allowed = strlen(word) == 2 ? 1 : strlen(word) / 3;

	*closest = (struct cfg_closest){.word = word, .distance = (unsigned int)allowed + 1};
}

void
cfg_closest_offer(struct cfg_closest *closest, const char *known)
{
	unsigned int distance = edit_distance(closest->word, known);

	if (distance < closest->distance) {
		closest->best = known;
		closest->distance = distance;
	}
}
