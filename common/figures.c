/* SPDX-License-Identifier: ISC */
/* file: common/figures.c */
/*
 * What figures.def means, and those figures that every process has.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "figures.h"
#include "log.h"

static const struct figure_info infos[FIG_N] = {
#define F_INFO(id, n, t, set, k, k2, v2, h)                                    \
	[id] = {.name = (n),                                                   \
	    .type = (t),                                                       \
	    .labels = (set),                                                   \
	    .key = (k),                                                        \
	    .fixed_key = (k2),                                                 \
	    .fixed_value = (v2),                                               \
	    .help = (h)},
    FIGURES(F_INFO)
#undef F_INFO
};

const struct figure_info *
figure_info(unsigned id)
{
	return id < FIG_N ? &infos[id] : NULL;
}

/* "PEERS_ASK" is "peers", "P_SPAWN" is "spawn". */
static int
of_message(unsigned type, const char *head, const char *tail, char *out)
{
	const char *name = msg_name(type);
	size_t h = strlen(head), t = strlen(tail), n = strlen(name);

	if (name[0] == '?')
		return -1;
	if (n > h && strncmp(name, head, h) == 0) {
		name += h;
		n -= h;
	}
	if (n > t && strcmp(name + n - t, tail) == 0)
		n -= t;
	if (n >= FIGURE_LABEL_MAX)
		return -1;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[n] = '\0';
	return 0;
}

static int
word(char *out, const char *name)
{
	if (name == NULL || name[0] == '?' || strlen(name) >= FIGURE_LABEL_MAX)
		return -1;
	snprintf(out, FIGURE_LABEL_MAX, "%s", name);
	return 0;
}

int
figure_label(unsigned id, unsigned label, char out[FIGURE_LABEL_MAX])
{
	const struct figure_info *i = figure_info(id);
	const struct event_info *e;

	out[0] = '\0';
	if (i == NULL)
		return -1;
	switch (i->labels) {
	case FL_NONE:
		return label == 0 ? 0 : -1;
	case FL_LEVEL:
		return word(out, log_level_name((enum log_level)label));
	case FL_ROLE:
		return label > ROLE_NONE && label < ROLE_NROLES
		    ? word(out, role_name((enum role)label))
		    : -1;
	case FL_PRIV:
		return of_message(label, "P_", "", out);
	case FL_ASK:
		return of_message(label, "", "_ASK", out);
	case FL_EVENT:
		e = events_info(label);
		return e == NULL ? -1 : word(out, e->name);
	}
	return -1;
}

/* ---- of every process ---- */

int
figure_send(struct chan *c, uint32_t id, const struct msg_figure_row *m)
{
	uint8_t body[16];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_figure_row(&w, m);
	if (wbuf_done(&w) == -1)
		return -1;
	return chan_send(c, MSG_FIGURE_ROW, id, body, w.len, -1);
}

void
figures_process(struct chan *c, uint32_t id, enum role self)
{
	struct msg_figure_row m = {
	    .role = self, .id = FIG_CPU, .value = clock_cpu_us()};

	(void)figure_send(c, id, &m);
	m.id = FIG_LOG;
	for (unsigned l = LOG_L_ERROR; l <= LOG_L_DEBUG; l++) {
		m.label = (uint16_t)l;
		m.value = log_lines((enum log_level)l);
		(void)figure_send(c, id, &m);
	}
}

void
figures_wire(
    struct chan *c, uint32_t id, enum role self, const struct chan *wire)
{
	const struct chan_stats *s;
	struct msg_figure_row m = {.role = self};

	if (wire == NULL)
		return;
	s = chan_stats(wire);
	const struct {
		enum figure id;
		uint64_t v;
	} rows[FIGURE_WIRE_ROWS] = {
	    {FIG_IPC_IN, s->in},
	    {FIG_IPC_OUT, s->out},
	    {FIG_IPC_IN_BYTES, s->in_bytes},
	    {FIG_IPC_OUT_BYTES, s->out_bytes},
	    {FIG_IPC_QUEUED, s->queued},
	    {FIG_IPC_HIGH, s->queued_max},
	    {FIG_IPC_QUEUED_BYTES, s->queued_bytes},
	    {FIG_IPC_OVERFLOW, s->overflow},
	};

	m.label = (uint16_t)chan_peer(wire);
	for (unsigned i = 0; i < FIGURE_WIRE_ROWS; i++) {
		m.id = (uint16_t)rows[i].id;
		m.value = rows[i].v;
		(void)figure_send(c, id, &m);
	}
}
