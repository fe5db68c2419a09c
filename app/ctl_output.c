// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_output.h"

#include <libsmartcols.h>

#include "report/report.h"

#define NUMBER_LEN 24  // room for the digits of a number and its sign
#define NAME_LEN   128 // room for two names and a blank

static int
set_cell(struct libscols_line *line, size_t column, const json_t *value)
{
	char number[NUMBER_LEN];

	if (json_is_string(value))
		return scols_line_set_data(line, column, json_string_value(value));
	if (!json_is_integer(value))
		return 0;
	snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return scols_line_set_data(line, column, number);
}

int
ctl_table_init(struct ctl_table *table, const struct ctl_column columns[])
{
	*table = (struct ctl_table){.table = scols_new_table(), .columns = columns};
	if (table->table == NULL)
		return -1;
	for (; columns->heading != NULL; columns++) {
		int flags = columns->is_number ? SCOLS_FL_RIGHT : 0;

		if (scols_table_new_column(table->table, columns->heading, 0, flags) == NULL) {
			ctl_table_fini(table);
			return -1;
		}
		table->n_columns++;
	}
	return 0;
}

int
ctl_table_add(struct ctl_table *table, const json_t *row)
{
	struct libscols_line *line = scols_table_new_line(table->table, NULL);

	if (line == NULL)
		return -1;
	for (unsigned int i = 0; i < table->n_columns; i++) {
		if (set_cell(line, i, json_object_get(row, table->columns[i].member)) != 0)
			return -1;
	}
	return 0;
}

int
ctl_table_print(struct ctl_table *table, FILE *out)
{
	scols_table_set_stream(table->table, out);
	return scols_print_table(table->table);
}

void
ctl_table_fini(struct ctl_table *table)
{
	scols_unref_table(table->table);
	*table = (struct ctl_table){0};
}

static int
add_pair(struct libscols_table *table, const char *name, const json_t *value)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	if (line == NULL || scols_line_set_data(line, 0, name) != 0)
		return -1;
	return set_cell(line, 1, value);
}

static int
add_group(struct libscols_table *table, const char *group, json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		char full_name[NAME_LEN];

		snprintf(full_name, sizeof(full_name), "%s %s", group, name);
		if ((json_is_string(value) || json_integer_value(value) != 0) &&
		    add_pair(table, full_name, value) != 0)
			return -1;
	}
	return 0;
}

static bool
is_text_in(json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (json_is_string(value))
			return true;
	}
	return false;
}

int
ctl_print_object(json_t *object, FILE *out)
{
	struct libscols_table *table = scols_new_table();
	const char *name;
	json_t *value;
	int result = table == NULL ? -1 : 0;

	if (result != 0)
		return result;
	scols_table_set_stream(table, out);
	scols_table_enable_noheadings(table, 1);
	if (scols_table_new_column(table, "name", 0, 0) == NULL ||
	    scols_table_new_column(table, "value", 0, is_text_in(object) ? 0 : SCOLS_FL_RIGHT) ==
		    NULL)
		result = -1;
	json_object_foreach(object, name, value)
	{
		if (result == 0)
			result = json_is_object(value) ? add_group(table, name, value)
						       : add_pair(table, name, value);
	}
	if (result == 0)
		result = scols_print_table(table);
	scols_unref_table(table);
	return result;
}

static void
begin_element(struct ctl_array *array)
{
	fputs(array->has_element ? ",\n " : "[\n ", array->out);
	array->has_element = true;
}

void
ctl_array_add(struct ctl_array *array, const json_t *element)
{
	begin_element(array);
	json_dumpf(element, array->out, REPORT_JSON_FLAGS);
}

void
ctl_array_add_text(struct ctl_array *array, const char *element, size_t len)
{
	begin_element(array);
	fwrite(element, 1, len, array->out);
}

void
ctl_array_end(struct ctl_array *array)
{
	fputs(array->has_element ? "\n]\n" : "[]\n", array->out);
}
