// SPDX-License-Identifier: BSD-3-Clause
//
// The line formats of conntrack-tools 1.4.7, field by field in its order.
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

static const char *
text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value == NULL ? "" : value;
}

static json_int_t
number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static bool
has(const json_t *object, const char *key)
{
	return json_object_get(object, key) != NULL;
}

static bool
holds(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void
print_tuple(const json_t *tuple, bool with_counters, FILE *out)
{
	// {member, how it is printed}, in the order of the line
	static const struct {
		const char *key;
		const char *format;
	} numbers[] = {
		{"sport", "sport=%" JSON_INTEGER_FORMAT " "},
		{"dport", "dport=%" JSON_INTEGER_FORMAT " "},
		{"type", "type=%" JSON_INTEGER_FORMAT " "},
		{"code", "code=%" JSON_INTEGER_FORMAT " "},
		{"id", "id=%" JSON_INTEGER_FORMAT " "},
		{"srckey", "srckey=0x%" PRIx64 " "},
		{"dstkey", "dstkey=0x%" PRIx64 " "},
		{"packets", "packets=%" JSON_INTEGER_FORMAT " "},
		{"bytes", "bytes=%" JSON_INTEGER_FORMAT " "},
	};

	fprintf(out, "src=%s dst=%s ", text(tuple, "src"), text(tuple, "dst"));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bool is_counter = strcmp(numbers[i].key, "packets") == 0 ||
				  strcmp(numbers[i].key, "bytes") == 0;

		if (has(tuple, numbers[i].key) && (with_counters || !is_counter))
			fprintf(out, numbers[i].format, number(tuple, numbers[i].key));
	}
}

static void
print_tuples(const json_t *entry, bool with_counters, FILE *out)
{
	print_tuple(json_object_get(entry, "orig"), with_counters, out);
	if (!holds(entry, "seen_reply"))
		fputs("[UNREPLIED] ", out);
	print_tuple(json_object_get(entry, "reply"), with_counters, out);
	if (holds(entry, "assured"))
		fputs("[ASSURED] ", out);
}

void
report_entry_line(const json_t *entry, FILE *out)
{
	fprintf(out, "%-8s %" JSON_INTEGER_FORMAT " ", text(entry, "proto"),
		number(entry, "protonum"));
	fprintf(out, "%" JSON_INTEGER_FORMAT " ", number(entry, "timeout"));
	if (json_is_string(json_object_get(entry, "state")))
		fprintf(out, "%s ", text(entry, "state"));
	print_tuples(entry, true, out);
	fprintf(out, "mark=%" JSON_INTEGER_FORMAT " ", number(entry, "mark"));
	if (number(entry, "zone") != 0)
		fprintf(out, "zone=%" JSON_INTEGER_FORMAT " ", number(entry, "zone"));
	if (has(entry, "helper"))
		fprintf(out, "helper=%s ", text(entry, "helper"));
	fputs("use=1\n", out);
}

// An event line ends with its last field, so the blank behind each is held back by one.
void
report_event_line(const json_t *event, FILE *out)
{
	const char *type = text(event, "event");
	bool is_destroy = strcmp(type, "destroy") == 0;
	const char *tag = is_destroy                 ? "[DESTROY]"
			  : strcmp(type, "new") == 0 ? "    [NEW]"
						     : " [UPDATE]";
	char *line = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&line, &len);

	if (memory == NULL)
		return;
	fprintf(memory, "%s %-8s %" JSON_INTEGER_FORMAT " ", tag, text(event, "proto"),
		number(event, "protonum"));
	if (!is_destroy || number(event, "timeout") > 0)
		fprintf(memory, "%" JSON_INTEGER_FORMAT " ", number(event, "timeout"));
	if (json_is_string(json_object_get(event, "state")))
		fprintf(memory, "%s ", text(event, "state"));
	print_tuples(event, is_destroy, memory);
	if (number(event, "mark") != 0)
		fprintf(memory, "mark=%" JSON_INTEGER_FORMAT " ", number(event, "mark"));
	if (number(event, "zone") != 0)
		fprintf(memory, "zone=%" JSON_INTEGER_FORMAT " ", number(event, "zone"));
	if (has(event, "helper") && !is_destroy)
		fprintf(memory, "helper=%s ", text(event, "helper"));
	fclose(memory);
	while (len > 0 && line[len - 1] == ' ')
		line[--len] = '\0';
	fprintf(out, "%s\n", line);
	free(line);
}
