/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_help.c */
/*
 * The verbs about meshctl itself: help, version, completion.  All of it comes
 * from the table of verbs, so that it can't be out of date.
 */
#include <stdio.h>
#include <string.h>

#include "paths.h"
#include "msg.h"
#include "nearest.h"
#include "verbs.h"

#define LEFT_WIDTH 26

const struct verb *
verbs_find(const struct call *c, const char *name)
{
	for (size_t i = 0; i < c->nverbs; i++)
		if (strcmp(c->verbs[i].name, name) == 0)
			return &c->verbs[i];
	return NULL;
}

const char *
verbs_nearest(const struct call *c, const char *name)
{
	struct nearest n;

	nearest_start(&n, name);
	for (size_t i = 0; i < c->nverbs; i++)
		nearest_offer(&n, c->verbs[i].name);
	return n.best;
}

static size_t
operands_len(const char *operands)
{
	const char *options = strstr(operands, "[--");
	size_t n =
	    options == NULL ? strlen(operands) : (size_t)(options - operands);

	while (n > 0 &&
	    (operands[n - 1] == ' ' || operands[n - 1] == '\n' ||
		operands[n - 1] == '\t'))
		n--;
	return n;
}

void
verbs_overview(const struct call *c, FILE *f)
{
	fprintf(f,
	    "usage: meshctl [-j] [-H] [-f file] [-R rundir | -s socket] "
	    "[-S statedir]\n               verb [argument ...]\n\n");
	for (size_t i = 0; i < c->nverbs; i++) {
		const struct verb *v = &c->verbs[i];
		char left[40];

		/* the first line of its operands, without its options */
		snprintf(left, sizeof(left), "%s %.*s", v->name,
		    (int)operands_len(v->operands), v->operands);
		if (strlen(left) < LEFT_WIDTH)
			fprintf(f, "  %-*s%s\n", LEFT_WIDTH, left, v->summary);
		else
			fprintf(f, "  %s\n  %*s%s\n", left, LEFT_WIDTH, "",
			    v->summary);
	}
	fprintf(f,
	    "\n  -j, --json    one JSON document\n"
	    "  -H            raw: no heads, no units, tabs between\n"
	    "  -R rundir     where the sockets are (default %s)\n"
	    "  -f file       the configuration (default " PATHS_CONF ")\n"
	    "  -S statedir   where init and join put keys "
	    "(default " CONF_STATE_DIR ")\n"
	    "  -s socket     exactly this socket\n\n"
	    "meshctl help VERB says more; meshctl(8) has examples.\n",
	    c->rundir);
}

bool
verbs_welcome(const struct call *c, FILE *f)
{
	if (paths_exist(c->conf == NULL ? PATHS_CONF : c->conf))
		return false;
	fprintf(f,
	    "No network is set up on this machine.\n"
	    "  start one    sudo meshctl init\n"
	    "  join one     sudo meshctl join TOKEN\n"
	    "  all verbs    meshctl help\n"
	    "  read         man mesh\n");
	return true;
}

int
verb_help(const struct call *c)
{
	struct complaint m = {.exit_status = EXIT_USAGE, .code = "usage"};
	const struct verb *v;

	if (c->argc == 0 && c->form == FORM_RAW) {
		for (size_t i = 0; i < c->nverbs; i++)
			printf("%s\t%s\t%s\n", c->verbs[i].name,
			    c->verbs[i].operands, c->verbs[i].summary);
		return EXIT_FINE;
	}
	if (c->argc == 0) {
		verbs_overview(c, stdout);
		return EXIT_FINE;
	}
	v = verbs_find(c, c->argv[0]);
	if (v == NULL) {
		m.hint[0] = "meshctl help";
		return report_error(c, &m, "no verb \"%s\"", c->argv[0]);
	}
	printf("usage: meshctl %s %s\n\n%s.\n%s", v->name, v->operands,
	    v->summary, v->more);
	return EXIT_FINE;
}

int
verb_version(const struct call *c)
{
	struct show *o = report_begin(c, SHOW_VERSION, NULL);

	if (o == NULL)
		return EXIT_BAD;
	if (c->form == FORM_TEXT) {
		o->ops->field(o, "version", "", "meshctl " MESH_VERSION);
	} else {
		o->ops->field(o, "version", NULL, MESH_VERSION);
		o->ops->number(o, "protocol", MSG_VERSION);
	}
	return report_end(c, o, EXIT_FINE);
}

/* ---- completion ---- */

/*
 * Names come from other processes and end up on a root shell's command line:
 * only those without any meaning to a shell are offered.
 */
#define PEER_NAMES                                                             \
	"meshctl -H peers 2>/dev/null | cut -f1 | "                            \
	"grep -E '^[A-Za-z0-9][A-Za-z0-9._-]*$'"

/* What may follow, as the shell's own code; by enum complete. */
struct shell {
	const char *name, *head, *word, *between, *tail;
	const char *after[COMPLETE_VERB + 1];
	/* options that are words: begin, a verb and its words, end */
	const char *options, *of_verb, *end_of_verb, *options_end;
};

/* clang-format off */
#define BASH_WORDS(list)                                                       \
	"\t%s) mapfile -t COMPREPLY < <(compgen -W " list " -- \"$cur\") ;;\n"
#define FISH_AFTER "complete -c meshctl -n '__fish_seen_subcommand_from %s' "

static const struct shell shells[] = {
	{ .name = "bash",
	  .head =
	    "# bash completion for meshctl(8), made by: meshctl completion bash\n"
	    "_meshctl()\n{\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' w\n"
	    "\tlocal -a verbs=(\n",
	  .word = "\t    %s\n",
	  .between =
	    "\t)\n\n\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	    "\t\tcase $w in -*) ;; *) verb=$w; break ;; esac\n\tdone\n",
	  .options = "\tif [[ $cur == -* ]]; then\n\t\tcase $verb in\n",
	  .of_verb = "\t\t%s) mapfile -t COMPREPLY < <(compgen -W '",
	  .end_of_verb = "' -- \"$cur\") ;;\n",
	  .options_end = "\t\tesac\n\t\treturn\n\tfi\n"
	    "\tcase $verb in\n"
	    "\t'') mapfile -t COMPREPLY < <(compgen -W \"${verbs[*]}\" "
	    "-- \"$cur\") ;;\n",
	  .tail = "\tesac\n}\ncomplete -F _meshctl meshctl\n",
	  .after = {
	    [COMPLETE_PEER] = BASH_WORDS("\"$(" PEER_NAMES ")\""),
	    [COMPLETE_LOG] = BASH_WORDS("'level error warning info debug'"),
	    [COMPLETE_FILE] =
	      "\t%s) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n",
	    [COMPLETE_SHELL] = BASH_WORDS("'bash zsh fish'"),
	    [COMPLETE_VERB] = BASH_WORDS("\"${verbs[*]}\""),
	  } },
	{ .name = "zsh",
	  .head =
	    "#compdef meshctl\n"
	    "# zsh completion for meshctl(8), made by: meshctl completion zsh\n"
	    "_meshctl()\n{\n"
	    "\tlocal -a verbs=(\n",
	  .word = "\t    %s\n",
	  .between =
	    "\t)\n\tlocal verb=${${words[2,CURRENT-1]:#-*}[1]}\n\n",
	  .options =
	    "\tif [[ ${words[CURRENT]} == -* ]]; then\n\t\tcase $verb in\n",
	  .of_verb = "\t\t%s) compadd --",
	  .end_of_verb = " ;;\n",
	  .options_end = "\t\tesac\n\t\treturn\n\tfi\n"
	    "\tcase $verb in\n\t'') compadd -a verbs ;;\n",
	  .tail = "\tesac\n}\n_meshctl \"$@\"\n",
	  .after = {
	    [COMPLETE_PEER] =
	      "\t%s) compadd -- ${(f)\"$(" PEER_NAMES ")\"} ;;\n",
	    [COMPLETE_LOG] = "\t%s) compadd level error warning info debug ;;\n",
	    [COMPLETE_FILE] = "\t%s) _files ;;\n",
	    [COMPLETE_SHELL] = "\t%s) compadd bash zsh fish ;;\n",
	    [COMPLETE_VERB] = "\t%s) compadd -a verbs ;;\n",
	  } },
	{ .name = "fish",
	  .head =
	    "# fish completion for meshctl(8), made by: meshctl completion fish\n"
	    "complete -c meshctl -f\n"
	    "complete -c meshctl -s j -l json -d 'one JSON document'\n"
	    "complete -c meshctl -s H -d 'raw: tabs between'\n",
	  .word = "complete -c meshctl -n __fish_use_subcommand -a %s\n",
	  .between = "",
	  .options = "",
	  .of_verb = FISH_AFTER "-a '",
	  .end_of_verb = "'\n",
	  .options_end = "",
	  .tail = "",
	  .after = {
	    [COMPLETE_PEER] = FISH_AFTER "-a '(" "meshctl -H peers "
	      "2>/dev/null | cut -f1 | string match -r \"^[A-Za-z0-9][A-Za-z0-9._-]*\\$\""
	      ")'\n",
	    [COMPLETE_LOG] = FISH_AFTER "-a 'level error warning info debug'\n",
	    [COMPLETE_FILE] = FISH_AFTER "-F\n",
	    [COMPLETE_SHELL] = FISH_AFTER "-a 'bash zsh fish'\n",
	    [COMPLETE_VERB] = FISH_AFTER "-a '(meshctl -H help | cut -f1)'\n",
	  } },
};
/* clang-format on */

/* The template's one %s, without handing a variable format to printf. */
static void
fill(const char *template, const char *word)
{
	const char *p = strstr(template, "%s");

	if (p == NULL)
		return;
	printf("%.*s%s%s", (int)(p - template), template, word, p + 2);
}

/* " --expires --group", from the words of a verb's row */
static void
print_options(const struct call *c, const struct shell *sh)
{
	fputs(sh->options, stdout);
	for (size_t i = 0; i < c->nverbs; i++) {
		const char *w = strchr(c->verbs[i].options, ' ');

		if (w == NULL)
			continue;
		fill(sh->of_verb, c->verbs[i].name);
		for (; w != NULL; w = strchr(w + 1, ' '))
			printf(" --%.*s", (int)strcspn(w + 1, " "), w + 1);
		fputs(sh->end_of_verb, stdout);
	}
	fputs(sh->options_end, stdout);
}

static void
print_completion(const struct call *c, const struct shell *sh)
{
	fputs(sh->head, stdout);
	for (size_t i = 0; i < c->nverbs; i++)
		fill(sh->word, c->verbs[i].name);
	fputs(sh->between, stdout);
	print_options(c, sh);
	for (size_t i = 0; i < c->nverbs; i++) {
		const struct verb *v = &c->verbs[i];

		if (sh->after[v->complete] != NULL)
			fill(sh->after[v->complete], v->name);
	}
	fputs(sh->tail, stdout);
}

int
verb_completion(const struct call *c)
{
	struct complaint m = {.exit_status = EXIT_USAGE, .code = "usage"};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, c->argv[0]) == 0) {
			print_completion(c, &shells[i]);
			return EXIT_FINE;
		}
	m.hint[0] = "meshctl completion bash|zsh|fish";
	return report_error(c, &m, "no shell \"%s\"", c->argv[0]);
}
