// SPDX-License-Identifier: BSD-3-Clause
//
// What sallyctl prints: tables for people, JSON for programs. Both take objects from the socket; a
// member that is missing or of another type leaves a cell empty.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct ctl_column {
	const char *heading;
	const char *member; // of the row
	bool is_number;
};

// A table, printed after its last row, since all rows determine the widths of the columns.
struct ctl_table {
	struct libscols_table *table; // owned
	const struct ctl_column *columns;
	unsigned int n_columns;
};

// => columns end with one whose heading is NULL. Returns 0, or -1 when memory is short.
int ctl_table_init(struct ctl_table *table, const struct ctl_column columns[]);
int ctl_table_add(struct ctl_table *table, const json_t *row);
int ctl_table_print(struct ctl_table *table, FILE *out);
void ctl_table_fini(struct ctl_table *table);

// Prints an object as a table of names and values. The names of nested members are prefixed by that
// of their object; nested zeros are omitted.
int ctl_print_object(json_t *object, FILE *out);

// A JSON array that is written element by element, one per line. It is not valid JSON before its
// end, so that no reader mistakes a part of a list for the whole.
struct ctl_array {
	FILE *out;
	bool has_element;
};

void ctl_array_add(struct ctl_array *array, const json_t *element);
void ctl_array_add_text(struct ctl_array *array, const char *element, size_t len); // it is JSON
void ctl_array_end(struct ctl_array *array);
