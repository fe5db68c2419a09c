// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/metrics.h"

#include "pipeline/pipeline.h"

static const char *
name_of_reason(unsigned int reason)
{
	return reason_name((enum reason)reason);
}

static const char *
name_of_fault(unsigned int fault)
{
	return fault_name((enum fault)fault);
}

static const char *
name_of_answer(unsigned int kind)
{
	return answer_name((enum pkt_answer)kind);
}

static const char *
name_of_silence(unsigned int silence)
{
	return silence_name((enum silence)silence);
}

static const char *
name_of_class(unsigned int class_)
{
	return class_name((enum pkt_class)class_);
}

static const char *
name_of_non_ip(unsigned int kind)
{
	return non_ip_name((enum non_ip)kind);
}

static const char *
name_of_part(unsigned int part)
{
	struct cycles_part parts[CYCLES_MAX];
	unsigned int n = cycles_parts(parts);

	for (unsigned int i = 0; i < n; i++) {
		if (parts[i].counter == part)
			return parts[i].name;
	}
	return NULL;
}

static const struct metric rows[] = {
	{.name = "sallyport_packets",
	 .key = "packets",
	 .help = "Frames that were accepted, rejected or dropped.",
	 METRIC_AT(struct pipeline_stats, packets)},
	{.name = "sallyport_packet_bytes",
	 .key = "bytes",
	 .help = "Bytes of the frames that were accepted, rejected or dropped.",
	 .unit = "bytes",
	 METRIC_AT(struct pipeline_stats, bytes)},
	{.name = "sallyport_packets_in_lane",
	 .key = "lane",
	 .help = "Frames that took the lane: of established flows, with a remembered verdict.",
	 METRIC_AT(struct pipeline_stats, lane)},
	{.name = "sallyport_packets_handed_over",
	 .key = "handed_over",
	 .help = "Frames handed over to the worker that owns their flow, which counts them, too.",
	 METRIC_AT(struct pipeline_stats, handed_over)},
	{.name = "sallyport_fragments_held",
	 .key = "held",
	 .help = "Fragments that wait for the rest of their datagram and have no verdict yet.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct pipeline_stats, held)},
	{.name = "sallyport_packets_accepted",
	 .key = "accepted",
	 .help = "Frames that were accepted and sent.",
	 METRIC_AT(struct pipeline_stats, accepted)},
	{.name = "sallyport_packets_rejected",
	 .key = "rejected",
	 .help = "Frames that a rule rejected.",
	 METRIC_AT(struct pipeline_stats, rejected)},
	{.name = "sallyport_packets_answered",
	 .key = "answers",
	 .help = "Rejected frames that were answered, by kind of answer.",
	 .label = "answer",
	 .value_name = name_of_answer,
	 .first = ANSWER_NONE + 1,
	 METRIC_ALL(struct pipeline_stats, answers)},
	{.name = "sallyport_answers_unsent",
	 .key = "unsent",
	 .help = "Answers to rejected frames that the port could not send.",
	 .joins = true,
	 METRIC_AT(struct pipeline_stats, unsent)},
	{.name = "sallyport_packets_unanswered",
	 .key = "unanswered",
	 .help = "Rejected frames that were not answered, by reason.",
	 .label = "reason",
	 .value_name = name_of_silence,
	 .first = SILENCE_SPEAKING + 1,
	 METRIC_ALL(struct pipeline_stats, unanswered)},
	{.name = "sallyport_packets_dropped",
	 .key = "dropped",
	 .help = "Frames that were dropped, by reason.",
	 .label = "reason",
	 .value_name = name_of_reason,
	 METRIC_ALL(struct pipeline_stats, dropped)},
	{.name = "sallyport_packets_faulty",
	 .key = "faults",
	 .help = "Malformed and invalid frames, by fault.",
	 .label = "fault",
	 .value_name = name_of_fault,
	 .first = FAULT_NONE + 1,
	 METRIC_ALL(struct pipeline_stats, faults)},
	{.name = "sallyport_packets_classified",
	 .key = "classes",
	 .help = "Frames by the state that the rules saw.",
	 .label = "class",
	 .value_name = name_of_class,
	 .first = CLASS_NONE + 1,
	 METRIC_ALL(struct pipeline_stats, classes)},
	{.name = "sallyport_packets_non_ip",
	 .key = "non_ip",
	 .help = "Frames on a wire that are not IP, by kind.",
	 .label = "kind",
	 .value_name = name_of_non_ip,
	 METRIC_ALL(struct pipeline_stats, non_ip)},
};

const struct metric_table pipeline_metrics = METRIC_TABLE(rows);

static const struct metric cycles_rows[] = {
	{.name = "sallyport_worker_cycles",
	 .help = "CPU cycles of each part of the workers' loop, if measure_cycles is set.",
	 .label = "part",
	 .value_name = name_of_part,
	 METRIC_ALL(struct cycles, spent)},
	{.name = "sallyport_worker_measured_packets",
	 .help = "Packets processed in these cycles.",
	 METRIC_AT(struct cycles, packets)},
};

const struct metric_table cycles_metrics = METRIC_TABLE(cycles_rows);
