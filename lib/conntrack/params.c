// SPDX-License-Identifier: BSD-3-Clause
#include "conntrack/params.h"

#define X(name, key, sec) [CT_TIMEOUT_##name] = {key, sec},
static const struct {
	const char *key;
	uint32_t sec;
} timeouts[CT_TIMEOUT_COUNT] = {CT_TIMEOUTS(X)};
#undef X

static const char *const helpers[CT_HELPER_COUNT] = {
	[CT_HELPER_FTP] = "ftp",
	[CT_HELPER_TFTP] = "tftp",
	[CT_HELPER_PPTP] = "pptp",
};

static const char *const tables[CT_TABLE_KIND_COUNT] = {
	[CT_TABLE_LINES] = "lines",
	[CT_TABLE_RTE_HASH] = "rte_hash",
};

static const char *const enables[CT_ENABLE_COUNT] = {
	[CT_ENABLE_ALWAYS] = "always",
	[CT_ENABLE_AUTO] = "auto",
};

static const char *const windows[CT_WINDOW_COUNT] = {
	[CT_WINDOW_LINUX] = "linux",
	[CT_WINDOW_STRICT] = "strict",
	[CT_WINDOW_LIBERAL] = "liberal",
};

static const char *const dccps[CT_DCCP_COUNT] = {
	[CT_DCCP_TRACKED] = "tracked",
	[CT_DCCP_GENERIC] = "generic",
};

void
ct_params_init(struct ct_params *params)
{
	*params = (struct ct_params){
		.max_connections = 1048576,
		.lane = true,
		.accounting = true,
		.checksum = true,
		.tcp_loose = true,
		.tcp_max_retrans = 3,
	};
	for (int i = 0; i < CT_TIMEOUT_COUNT; i++)
		params->timeouts_sec[i] = timeouts[i].sec;
}

const char *
ct_timeout_key(enum ct_timeout timeout)
{
	return timeouts[timeout].key;
}

const char *
ct_helper_name(enum ct_helper helper)
{
	return helpers[helper];
}

const char *
ct_table_name(enum ct_table_kind kind)
{
	return tables[kind];
}

const char *
ct_enable_name(enum ct_enable enable)
{
	return enables[enable];
}

const char *
ct_window_name(enum ct_window window)
{
	return windows[window];
}

const char *
ct_dccp_name(enum ct_dccp_tracking dccp)
{
	return dccps[dccp];
}
