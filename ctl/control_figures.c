/* SPDX-License-Identifier: ISC */
/* file: ctl/control_figures.c */
/*
 * What control says of itself beside its counters: questions by kind, events by
 * kind, and by way of its ops the process and its wires.
 */
#include "control_int.h"
#include "figures_info.h"

static void
tell(struct control *c, unsigned place, uint32_t id,
    const struct msg_figure_row *m)
{
	uint8_t body[16];
	struct wbuf w;

	if (m->value == 0)
		return;
	wbuf_init(&w, body, sizeof(body));
	msg_put_figure_row(&w, m);
	control_tell(c, place, MSG_FIGURE_ROW, id, &w);
}

void
control_figures(struct control *c, unsigned place, uint32_t id)
{
	struct msg_figure_row m = {.role = ROLE_CTL};

	if (c->ops->figures != NULL)
		c->ops->figures(c->ops->ctx, place, id);
	for (unsigned i = 0; question_at(i) != 0; i++) {
		m.label = question_at(i);
		m.id = FIG_ASKED;
		m.value = c->asked[i];
		tell(c, place, id, &m);
		m.id = FIG_DENIED;
		m.value = c->denied[i];
		tell(c, place, id, &m);
	}
	m.id = FIG_EVENT;
	for (unsigned k = 0; k < EVENT_NKINDS; k++) {
		m.label = (uint16_t)k;
		m.value = c->event[k];
		tell(c, place, id, &m);
	}
}
