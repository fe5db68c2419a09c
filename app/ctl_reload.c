// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_reload.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/ctl_socket.h"

#define INFO     "/sallyport/info"
#define PAUSE_NS 20000000

static json_int_t
number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

// Returns what the process reports about its reloads, to be freed with json_decref, or NULL with
// the reason reported.
static json_t *
ask(struct ctl_client *client)
{
	json_t *info = ctl_client_ask(client, INFO);
	json_t *reload = json_incref(json_object_get(info, "reload"));

	if (info != NULL && (!json_is_object(reload) || client->pid <= 1)) {
		ctl_report("%s does not tell of reloads", client->path);
		json_decref(reload);
		reload = NULL;
	}
	json_decref(info);
	return reload;
}

// True when the reload in question, or a later one, has ended.
static int
conclude(const json_t *reload)
{
	const char *result = json_string_value(json_object_get(reload, "result"));
	json_int_t n = number(reload, "errors"), n_told = 0;
	const char *error;
	char name[32];

	if (result != NULL && strcmp(result, "loaded") == 0) {
		puts("configuration loaded anew");
		return 0;
	}
	for (; n_told < n; n_told++) {
		snprintf(name, sizeof(name), "error_%" JSON_INTEGER_FORMAT, n_told + 1);
		error = json_string_value(json_object_get(reload, name));
		if (error == NULL)
			break;
		fprintf(stderr, "%s\n", error);
	}
	if (n_told < n)
		ctl_report("%" JSON_INTEGER_FORMAT " more errors are in the log", n - n_told);
	ctl_report("configuration not loaded: the old one stays");
	return -1;
}

int
ctl_reload(struct ctl_client *client)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	json_int_t wanted;
	json_t *reload;
	int result;

	reload = ask(client);
	if (reload == NULL)
		return -1;
	// A reload in progress may have read the file before it was changed.
	wanted = number(reload, "ended") + (number(reload, "loading") != 0 ? 2 : 1);
	json_decref(reload);
	if (kill(client->pid, SIGHUP) != 0) {
		ctl_report("process %d cannot be asked: %s", (int)client->pid, strerror(errno));
		return -1;
	}
	while ((reload = ask(client)) != NULL && number(reload, "ended") < wanted) {
		json_decref(reload);
		nanosleep(&pause, NULL);
	}
	if (reload == NULL)
		return -1;
	result = conclude(reload);
	json_decref(reload);
	return result;
}
