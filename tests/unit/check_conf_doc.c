/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_conf_doc.c */
/*
 * The table, the manual and the example say the same: every row of the table
 * is an item of mesh.conf(5) with its default, range and class, in its order,
 * and nothing else is; the example has every option with its default.
 */
#include "conf_help.h"
#include "conf_int.h"

#define ROWS_MAX 128
#define KEY1 "AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="

static struct conf_diags ds;

/* One option, as the table or the manual has it. */
struct option {
	char block[32], name[64], facts[256];
};

struct options {
	unsigned n;
	struct option o[ROWS_MAX];
};

static void
from_table(struct options *all)
{
	char *text, *line, *save = NULL, *f[7];
	struct option *o;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	conf_schema_print(out);
	fclose(out);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		ck_assert_uint_lt(all->n, ROWS_MAX);
		o = &all->o[all->n++];
		for (int i = 0; i < 7; i++) {
			f[i] = strsep(&line, "\t");
			ck_assert_ptr_nonnull(f[i]);
		}
		ck_assert_ptr_null(line);
		snprintf(o->block, sizeof(o->block), "%s", f[0]);
		snprintf(o->name, sizeof(o->name), "%s", f[1]);
		snprintf(o->facts, sizeof(o->facts),
		    "Default: %s; range: %s; change: %s.", f[3], f[4], f[5]);
	}
	free(text);
}

/* The words after .It Ic up to the first macro. */
static void
item_name(char *out, size_t cap, const char *line)
{
	const char *end = line;

	while (
	    *end != '\0' && !(end[0] == ' ' && end[1] >= 'A' && end[1] <= 'Z'))
		end++;
	snprintf(out, cap, "%.*s", (int)(end - line), line);
}

/*
 * Two items may share one text (and its facts): the first of them gets it
 * from the second.
 */
static void
from_manual(struct options *all, char *text)
{
	char *line, *save = NULL, block[32] = "";
	bool options = false, facts = false;
	struct option *o = NULL;
	size_t n;

	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '.')
			facts = false;
		if (strncmp(line, ".Sh ", 4) == 0)
			options = strcmp(line, ".Sh OPTIONS") == 0;
		else if (strncmp(line, ".Ss ", 4) == 0)
			snprintf(block, sizeof(block), "%s", line + 4);
		else if (options && block[0] != '\0' &&
		    strncmp(line, ".It Ic ", 7) == 0) {
			ck_assert_uint_lt(all->n, ROWS_MAX);
			o = &all->o[all->n++];
			snprintf(o->block, sizeof(o->block), "%s", block);
			item_name(o->name, sizeof(o->name), line + 7);
		} else if (options && o != NULL && strcmp(line, ".br") == 0)
			facts = true;
		else if (facts) {
			n = strlen(o->facts);
			snprintf(o->facts + n, sizeof(o->facts) - n, "%s%s",
			    n > 0 ? " " : "", line);
		}
	}
	for (unsigned i = all->n; i-- > 1;)
		if (all->o[i - 1].facts[0] == '\0')
			memcpy(all->o[i - 1].facts, all->o[i].facts,
			    sizeof(all->o[i].facts));
}

START_TEST(the_manual_has_every_option_as_it_is_and_no_other)
{
	static struct options table, manual;
	char path[512], *text;
	size_t len;

	text = slurp(src_path(path, "man/mesh.conf.5"), &len);
	ck_assert_ptr_nonnull(text);
	from_table(&table);
	from_manual(&manual, text);
	free(text);
	ck_assert_uint_eq(table.n, conf_nrows());
	for (unsigned i = 0; i < table.n && i < manual.n; i++) {
		ck_assert_str_eq(manual.o[i].block, table.o[i].block);
		ck_assert_str_eq(manual.o[i].name, table.o[i].name);
		ck_assert_msg(strcmp(manual.o[i].facts, table.o[i].facts) == 0,
		    "%s %s: \"%s\" in the manual, \"%s\" in the table",
		    table.o[i].block, table.o[i].name, manual.o[i].facts,
		    table.o[i].facts);
	}
	ck_assert_uint_eq(manual.n, table.n);
}
END_TEST

static char *
example(void)
{
	char path[512], *text;
	size_t len;

	text = slurp(src_path(path, "etc/mesh.conf"), &len);
	ck_assert_ptr_nonnull(text);
	return text;
}

/* Removes every # at the start of a line that no blank follows. */
static void
uncomment(char *text)
{
	char *o = text;
	bool start = true;

	for (char *s = text; *s != '\0'; s++) {
		if (!start || *s != '#' || s[1] == ' ' || s[1] == '\n')
			*o++ = *s;
		start = *s == '\n';
	}
	*o = '\0';
}

/* Takes the address and the subnet out: the rest must be the defaults. */
static void
assert_defaults(struct conf *c)
{
	struct conf d;

	ck_assert_uint_eq(c->node.naddresses, 1);
	ck_assert_uint_eq(c->node.nsubnets, 1);
	c->node.naddresses = c->node.nsubnets = 0;
	conf_defaults(&d, "alpha", "/run/mesh");
	d.npeers = c->npeers;
	d.peer = c->peer;
	assert_conf_eq(c, &d);
}

START_TEST(the_example_is_the_defaults_and_an_address)
{
	char *text = example();
	struct conf c;

	ck_assert_int_eq(
	    parse_text("mesh.conf", text, strlen(text), NULL, &c, &ds), 0);
	ck_assert_uint_eq(ds.n, 0);
	ck_assert_uint_eq(c.npeers, 0);
	assert_defaults(&c);
	conf_clear(&c);
	free(text);
}
END_TEST

static int
any_secret(void *ctx, const char *path, uint8_t out[32], char *err, size_t cap)
{
	(void)ctx;
	(void)err;
	(void)cap;
	ck_assert_str_eq(path, "beta.psk");
	memset(out, 1, 32);
	return 0;
}

START_TEST(without_its_comment_signs_it_is_the_defaults_too)
{
	struct conf_reader r = {.secret = any_secret};
	char *text = example(), *key, *whole;
	struct conf c, d;

	uncomment(text);
	key = strstr(text, "\"KEY\"");
	ck_assert_ptr_nonnull(key);
	*key = '\0';
	ck_assert_int_ge(asprintf(&whole, "%s" KEY1 "%s", text, key + 5), 0);
	conf_defaults(&c, "other", "/run/elsewhere");
	if (conf_parse(
		"mesh.conf", whole, strlen(whole), &r, NULL, 0, &c, &ds) == -1)
		ck_abort_msg("%s\n%s", whole, diags_text(&ds));
	assert_defaults(&c);
	conf_defaults(&d, "", "");
	ck_assert_uint_eq(c.npeers, 1);
	ck_assert_uint_eq(c.peer[0].keepalive_s, 0);
	ck_assert(c.peer[0].admin_up);
	conf_clear(&c);
	free(text);
	free(whole);
}
END_TEST

static const char *
end_of(const char *block)
{
	return strcmp(block, "peer") == 0 ? "\n#}" : "\n}";
}

START_TEST(the_example_names_every_option)
{
	char *text = example(), want[80], *at, *end;
	const struct conf_row *row;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		snprintf(want, sizeof(want), "%s%s {\n",
		    strcmp(row->block, "peer") == 0 ? "#" : "", row->block);
		at = strstr(
		    text, strcmp(row->block, "peer") == 0 ? "#peer " : want);
		ck_assert_msg(at != NULL, "%s", row->block);
		end = strstr(at, end_of(row->block));
		ck_assert_ptr_nonnull(end);
		*end = '\0';
		/* as a statement, hidden or shown as an example */
		snprintf(want, sizeof(want), "\t%s ", row->name);
		if (strstr(at, want) == NULL)
			snprintf(want, sizeof(want), "\t# %s ", row->name);
		ck_assert_msg(
		    strstr(at, want) != NULL, "%s %s", row->block, row->name);
		free(text);
		text = example();
	}
	free(text);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conf_doc");

	tcase_add_test(tc, the_manual_has_every_option_as_it_is_and_no_other);
	tcase_add_test(tc, the_example_is_the_defaults_and_an_address);
	tcase_add_test(tc, without_its_comment_signs_it_is_the_defaults_too);
	tcase_add_test(tc, the_example_names_every_option);
	return run_suite("conf_doc", tc);
}
