/* SPDX-License-Identifier: ISC */
/* file: ctl/why.c */
/*
 * The way of a packet, asked for in words (see why.h).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cert.h"
#include "fmt.h"
#include "why.h"

const char *
why_cause_name(enum why_cause c)
{
	static const char *const names[WHY_NCAUSES] = {
	    [WHY_FINE] = "none",
	    [WHY_NOT_RUNNING] = "not_running",
	    [WHY_KEY_UNKNOWN] = "key_unknown",
	    [WHY_ADMIN_DOWN] = "admin_down",
	    [WHY_CLOCK_SKEW] = "clock_skew",
	    [WHY_CERT_EXPIRED] = "cert_expired",
	    [WHY_BREAKER_OPEN] = "breaker_open",
	    [WHY_NO_ENDPOINT] = "no_endpoint",
	    [WHY_PEER_OFF] = "peer_off",
	    [WHY_WARMING_UP] = "warming_up",
	    [WHY_IDLE] = "idle",
	    [WHY_POLICY_DENIED] = "policy_denied",
	};

	return names[c];
}

const char *
why_fix(enum why_cause c)
{
	static const char *const texts[WHY_NCAUSES] = {
	    [WHY_FINE] = "nothing to do",
	    [WHY_NOT_RUNNING] = "meshctl status; meshctl log",
	    [WHY_KEY_UNKNOWN] = "meshctl lookup it; is it a member, or should "
				"a peer block have the address?",
	    [WHY_ADMIN_DOWN] = "admin up in its peer block, then: meshctl "
			       "reload",
	    [WHY_CLOCK_SKEW] = "compare the clocks of both machines",
	    [WHY_CERT_EXPIRED] = "on that node: meshctl renew",
	    [WHY_BREAKER_OPEN] = "look at that node and at the network "
				 "between; it is tried again by itself",
	    [WHY_NO_ENDPOINT] = "meshctl lookup --trace it; a static peer "
				"needs an endpoint line",
	    [WHY_PEER_OFF] = "look at that node: does it run, and does UDP "
			     "get to it?",
	    [WHY_WARMING_UP] = "wait a moment",
	    [WHY_IDLE] = "nothing to do: a packet brings it up",
	    [WHY_POLICY_DENIED] = "a pass rule behind it in filter { }, if it "
				  "should pass; then: meshctl reload",
	};

	return texts[c];
}

static __attribute__((format(printf, 4, 5))) void
say(struct why *w, const char *step, enum why_verdict v, const char *fmt, ...)
{
	struct why_step *s = &w->step[w->n];
	va_list ap;

	if (w->n == WHY_STEPS_MAX)
		return;
	w->n++;
	s->step = step;
	s->verdict = v;
	va_start(ap, fmt);
	vsnprintf(s->proof, sizeof(s->proof), fmt, ap);
	va_end(ap);
}

/* The first that fails is the cause. */
static void
blame(struct why *w, enum why_cause c)
{
	if (w->cause == WHY_FINE)
		w->cause = c;
}

/* ---- route ---- */

/* The peer with the longest prefix that has the address, or NULL. */
static const struct msg_peer_row *
route(const struct snapshot *s, const struct addr *a, struct prefix *by)
{
	const struct msg_peer_row *best = NULL;

	for (size_t i = 0; i < s->npeers; i++)
		for (unsigned k = 0; k < s->peer[i].nallowed; k++) {
			const struct prefix *p = &s->peer[i].allowed[k];

			if (!prefix_has(p, a) ||
			    (best != NULL && p->len <= by->len))
				continue;
			best = &s->peer[i];
			*by = *p;
		}
	return best;
}

static bool
is_own(const struct snapshot *s, const struct addr *a)
{
	for (unsigned i = 0; i < s->node.naddresses; i++)
		if (addr_eq(&s->node.address[i].addr, a))
			return true;
	return false;
}

static bool
in_network(const struct snapshot *s, const struct addr *a)
{
	return s->has_net &&
	    (prefix_has(&s->net.prefix, a) || prefix_has(&s->net.prefix6, a));
}

/* The address of the other side: what comes to us comes from there. */
static const struct addr *
other_side(const struct snapshot *s, const struct why_target *t)
{
	if (t->src.family != 0 && t->dst.family != 0 && is_own(s, &t->dst))
		return &t->src;
	return t->dst.family != 0 ? &t->dst : &t->src;
}

const struct msg_peer_row *
why_peer(const struct snapshot *s, const struct why_target *t)
{
	struct prefix by = {0};

	if (t->name != NULL)
		return snapshot_peer(s, t->name);
	return route(s, other_side(s, t), &by);
}

static const struct msg_peer_row *
find(struct why *w, const struct snapshot *s, const struct why_target *t)
{
	const struct addr *a = other_side(s, t);
	const struct msg_peer_row *p;
	char text[PREFIX_STRLEN];
	struct prefix by = {0};

	if (t->name != NULL) {
		p = snapshot_peer(s, t->name);
		say(w, "route", p != NULL ? WHY_OK : WHY_BAD,
		    p != NULL ? "%.63s is a peer" : "no peer is called %.63s",
		    t->name);
		if (p == NULL)
			blame(w, WHY_KEY_UNKNOWN);
		return p;
	}
	if (is_own(s, a)) {
		say(w, "route", WHY_OK, "it is an address of this node");
		return NULL;
	}
	p = route(s, a, &by);
	if (p != NULL) {
		say(w, "route", WHY_OK, "%s is %.63s's",
		    prefix_format(&by, text), p->name);
		return p;
	}
	say(w, "route", WHY_BAD,
	    in_network(s, a)
		? "in the network's prefix, but no member with it is known here"
		: "no peer has it, and it is not of the network");
	blame(w, WHY_KEY_UNKNOWN);
	return NULL;
}

/* ---- certificate ---- */

static void
certificate(struct why *w, const struct snapshot *s,
    const struct msg_peer_row *p, uint64_t now_s)
{
	char when[FMT_LEN];
	struct cert c;

	for (size_t i = 0; i < s->nmembers; i++) {
		if (cert_get(s->member[i].cert, s->member[i].certlen, &c) !=
			CERT_OK ||
		    memcmp(c.node, p->key, sizeof(c.node)) != 0)
			continue;
		if (now_s + CERT_SKEW_S < c.not_before) {
			say(w, "certificate", WHY_BAD, "valid from %s",
			    fmt_local(when, c.not_before * 1000));
			blame(w, WHY_CLOCK_SKEW);
		} else if (now_s > c.not_after + CERT_SKEW_S) {
			say(w, "certificate", WHY_BAD, "expired %s",
			    fmt_local(when, c.not_after * 1000));
			blame(w, WHY_CERT_EXPIRED);
		} else {
			say(w, "certificate", WHY_OK,
			    "number %llu, valid until %s",
			    (unsigned long long)c.serial,
			    fmt_local(when, c.not_after * 1000));
		}
		return;
	}
	say(w, "certificate", WHY_NOTE, "a configured peer, it needs none");
}

/* ---- peer, breaker, place ---- */

static void
breaker(struct why *w, const struct snapshot *s, const char *name)
{
	char ep[ENDPOINT_STRLEN];
	bool any = false;

	for (size_t i = 0; i < s->nbreakers; i++) {
		const struct msg_breaker_row *b = &s->breaker[i];

		if (strcmp(b->name, name) != 0 || b->state == BV_CLOSED)
			continue;
		any = true;
		say(w, "breaker", b->is_place ? WHY_NOTE : WHY_BAD,
		    "%s%s is %s: %u trials failed, %llu packets refused",
		    b->is_place ? "the place " : "of the peer",
		    b->is_place ? endpoint_format(&b->place, ep) : "",
		    b->state == BV_OPEN ? "open" : "half open", b->tries,
		    (unsigned long long)b->refused);
		if (b->is_place)
			continue;
		w->next_unix_ms = b->next_unix_ms;
		if (b->state == BV_OPEN)
			blame(w, WHY_BREAKER_OPEN);
	}
	if (!any)
		say(w, "breaker", WHY_OK, "closed");
}

static void
state(struct why *w, const struct msg_peer_row *p, uint64_t now_ms)
{
	char seen[FMT_LEN], since[FMT_LEN];
	const char *name = show_peer_state(p->state);

	fmt_age(seen, now_ms, p->seen_unix_ms);
	fmt_age(since, now_ms, p->since_unix_ms);
	say(w, "peer",
	    p->state == PV_UP         ? WHY_OK
		: p->state == PV_IDLE ? WHY_NOTE
				      : WHY_BAD,
	    "%s since %s, last heard of %s, %u handshakes, try %u", name, since,
	    seen, p->handshakes, p->attempts);
	if (p->state == PV_OFF)
		blame(w, WHY_ADMIN_DOWN);
}

/* What the state means if nothing else was wrong. */
static void
blame_state(struct why *w, const struct msg_peer_row *p)
{
	switch (p->state) {
	case PV_UP:
	case PV_OFF:
		break;
	case PV_IDLE:
		blame(w, WHY_IDLE);
		break;
	case PV_LOOKUP:
		blame(w, p->has_endpoint ? WHY_WARMING_UP : WHY_NO_ENDPOINT);
		break;
	case PV_HANDSHAKE:
		/* the first repetition comes after a quarter of a second */
		blame(w, p->attempts > 4 ? WHY_PEER_OFF : WHY_WARMING_UP);
		break;
	case PV_WAIT:
		blame(w, p->has_endpoint ? WHY_PEER_OFF : WHY_NO_ENDPOINT);
		break;
	}
}

static void
place(struct why *w, const struct msg_peer_row *p)
{
	char ep[ENDPOINT_STRLEN], rtt[FMT_LEN];

	if (!p->has_endpoint)
		say(w, "place", p->state == PV_UP ? WHY_NOTE : WHY_BAD,
		    "none is known");
	else if (p->rtt_us == 0)
		say(w, "place", WHY_OK, "%s",
		    endpoint_format(&p->endpoint, ep));
	else
		say(w, "place", WHY_OK, "%s, round trip %s",
		    endpoint_format(&p->endpoint, ep), fmt_us(rtt, p->rtt_us));
}

static void
streams(struct why *w, const struct snapshot *s, const struct msg_peer_row *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->nstreams; i++)
		n += strcmp(s->stream[i].peer, p->name) == 0;
	say(w, "streams", WHY_OK, "%u, %u connections, %u packets wait",
	    n == 0 ? 1 : n, p->flows, p->held);
}

/* What the engine says of this very packet. */
static void
verdict(struct why *w, const struct msg_verdict_row *v)
{
	char no[16] = "";

	if (!v->filtered) {
		say(w, "filter", WHY_OK, "no rules");
		return;
	}
	if (v->no != 0)
		snprintf(no, sizeof(no), "rule %u, ", (unsigned)v->no);
	say(w, "filter", v->pass ? WHY_OK : WHY_BAD, "%s%s %s, by %s%.120s",
	    v->known ? "its connection " : "", v->out ? "out" : "in",
	    v->pass ? "passes" : "is blocked", no, v->text);
}

/* What is blocked never wants a session, so this comes before idleness. */
static void
blame_filter(struct why *w, const struct snapshot *s)
{
	if (s->has_verdict && s->verdict.filtered && !s->verdict.pass)
		blame(w, WHY_POLICY_DENIED);
}

static void
filter(struct why *w, const struct snapshot *s)
{
	uint64_t out, in;
	bool any = false;

	if (s->has_verdict && s->verdict.peer[0] != '\0') {
		verdict(w, &s->verdict);
		return;
	}
	for (size_t i = 0; i < s->nrules; i++)
		any |= s->rule[i].no != 0; /* 0: what happens without one */
	if (!any) {
		say(w, "filter", WHY_OK, "no rules");
		return;
	}
	out = s->counters[ROLE_ENGINE].v[EO_FILTERED];
	in = s->counters[ROLE_ENGINE].v[EI_FILTERED];
	say(w, "filter", out + in > 0 ? WHY_NOTE : WHY_OK,
	    "there are rules; of all peers' packets %llu out and %llu in were "
	    "blocked (meshctl rules)",
	    (unsigned long long)out, (unsigned long long)in);
}

/* ---- the last drop ---- */

static bool
fits(const struct addr *want, const struct addr *is)
{
	return want->family == 0 || addr_eq(want, is);
}

static bool
belongs(const struct snapshot *s, const struct addr *a,
    const struct msg_peer_row *p)
{
	struct prefix by = {0};

	return a->family != 0 && !is_own(s, a) && route(s, a, &by) == p;
}

/* The tun role knows no peers, but addresses are of some. */
static bool
is_of(const struct msg_drop_row *d, const struct snapshot *s,
    const struct msg_peer_row *p)
{
	if (d->peer[0] != '\0' || d->outer)
		return strcmp(d->peer, p->name) == 0;
	return belongs(s, &d->dst, p) || belongs(s, &d->src, p);
}

/* The source port of a row is only that of the newest. */
static bool
is_about(const struct msg_drop_row *d, const struct why_target *t)
{
	bool one = t->src.family == 0 || t->dst.family == 0;
	const struct addr *a = t->dst.family != 0 ? &t->dst : &t->src;

	if (t->proto != 0 && t->proto != d->proto)
		return false;
	if (t->dport != 0 && t->dport != d->dport &&
	    (!one || t->dport != d->sport))
		return false;
	if (one)
		return fits(a, &d->dst) || fits(a, &d->src);
	return fits(&t->src, &d->src) && fits(&t->dst, &d->dst);
}

const char *
why_reason(const struct msg_drop_row *d)
{
	const struct counter_info *c = counter_info((enum counter)d->why);

	return c == NULL || c->kind != K_DROP ? "unknown" : c->name;
}

static void
collect(struct why *w, const struct snapshot *s, const struct why_target *t,
    const struct msg_peer_row *p)
{
	for (size_t i = 0; i < s->ndrops && w->ndrops < WHY_DROPS_MAX; i++) {
		const struct msg_drop_row *d = &s->drop[i];
		bool again = false;

		/* what a peer's last one was, is there with addresses */
		for (unsigned k = 0; k < w->ndrops && d->src.family == 0; k++)
			again |= w->drop[k]->why == d->why &&
			    w->drop[k]->at_unix_ms == d->at_unix_ms;
		if (!again &&
		    (t->name == NULL ? is_about(d, t)
				     : p != NULL && is_of(d, s, p)))
			w->drop[w->ndrops++] = d;
	}
}

static void
drops(struct why *w, const struct snapshot *s, const struct why_target *t,
    const struct msg_peer_row *p, uint64_t now_ms)
{
	const struct counter_info *c;
	char age[FMT_LEN];

	if (s->drops_unknown) {
		say(w, "dropped", WHY_NOTE,
		    "only root and group mesh may see who talks to whom");
		return;
	}
	collect(w, s, t, p);
	/* by the address nothing is known: then what the peer has */
	if (w->ndrops == 0 && p != NULL && t->name == NULL && t->proto == 0) {
		struct why_target whole = {.name = p->name};

		collect(w, s, &whole, p);
	}
	if (w->ndrops == 0) {
		say(w, "dropped", WHY_OK, "nothing of it, as far as is known");
		return;
	}
	c = counter_info((enum counter)w->drop[0]->why);
	fmt_age(age, now_ms, w->drop[0]->at_unix_ms);
	say(w, "dropped", WHY_NOTE, "%s %s%s, %llu: %s", why_reason(w->drop[0]),
	    age, strcmp(age, "now") == 0 ? "" : " ago",
	    (unsigned long long)w->drop[0]->count,
	    c == NULL ? "a reason that this program does not know" : c->help);
}

void
why(struct why *w, const struct snapshot *s, const struct why_target *t,
    uint64_t now_unix_ms)
{
	const struct msg_peer_row *p;

	memset(w, 0, sizeof(*w));
	if (s->peers_unknown) {
		say(w, "engine", WHY_BAD, "p2p-engine does not answer");
		blame(w, WHY_NOT_RUNNING);
		return;
	}
	p = find(w, s, t);
	if (p != NULL) {
		snprintf(w->peer, sizeof(w->peer), "%s", p->name);
		certificate(w, s, p, now_unix_ms / 1000);
		state(w, p, now_unix_ms);
		breaker(w, s, p->name);
		place(w, p);
		blame_filter(w, s);
		blame_state(w, p);
		streams(w, s, p);
		filter(w, s);
	}
	drops(w, s, t, p, now_unix_ms);
}
