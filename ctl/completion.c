/* SPDX-License-Identifier: ISC */
/* file: ctl/completion.c */
/*
 * completion: code for shells, made from the tables of verbs and options, so
 * that it can't be out of date.
 *
 * Names come from other processes and end up on a root shell's command line:
 * only those without any meaning to a shell are offered.
 */
#include <stdio.h>
#include <string.h>

#include "verbs.h"

#define PEER_NAMES                                                             \
	"meshctl -H peers 2>/dev/null | cut -f1 | "                            \
	"grep -E '^[A-Za-z0-9][A-Za-z0-9._-]*$'"

/* Options whose argument is a file, and all that take one. */
#define TAKES_FILE "-[fRSso]|--file|--out"
#define TAKES_ARG "-[fRSsonDciW]"

static const char *
dashes(const struct args_option *o)
{
	return o->name[1] == '\0' ? "-" : "--";
}

/* " -a --group": the verb's own (NULL: no verb), then those of all. */
static void
print_words(const struct verb *v)
{
	const char *list = v == NULL ? "" : v->options;
	const struct args_option *o;
	size_t n;

	while ((o = args_next(&list)) != NULL)
		printf(" %s%s", dashes(o), o->name);
	o = args_common(&n);
	for (size_t i = 0; i < n; i++)
		printf(" %s%s", dashes(&o[i]), o[i].name);
}

/* What may stand behind a verb; NULL: nothing that is known. */
static const char *
words_of(enum complete what)
{
	switch (what) {
	case COMPLETE_LOG:
		return "level error warning info debug";
	case COMPLETE_SHELL:
		return "bash zsh fish";
	case COMPLETE_SHOW:
		return "show";
	case COMPLETE_NONE:
	case COMPLETE_PEER:
	case COMPLETE_FILE:
	case COMPLETE_VERB:
		break;
	}
	return NULL;
}

/* ---- bash ---- */

#define BASH_WORDS(list)                                                       \
	"mapfile -t COMPREPLY < <(compgen " list " -- \"$cur\")"

static void
bash_operand(const struct verb *v)
{
	const char *words = words_of(v->complete);

	if (words != NULL)
		printf("\t%s) " BASH_WORDS("-W '%s'") " ;;\n", v->name, words);
	else if (v->complete == COMPLETE_PEER)
		printf("\t%s) " BASH_WORDS("-W \"$(%s)\"") " ;;\n", v->name,
		    PEER_NAMES);
	else if (v->complete == COMPLETE_FILE)
		printf("\t%s) " BASH_WORDS("-f") " ;;\n", v->name);
	else if (v->complete == COMPLETE_VERB)
		printf(
		    "\t%s) " BASH_WORDS("-W \"${verbs[*]}\"") " ;;\n", v->name);
}

static void
bash(const struct call *c)
{
	printf("# bash completion for meshctl(8), "
	       "made by: meshctl completion bash\n"
	       "_meshctl()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' skip='' w\n"
	       "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal -a verbs=(\n");
	for (size_t i = 0; i < c->nverbs; i++)
		printf("\t    %s\n", c->verbs[i].name);
	printf("\t)\n\n\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	       "\t\tif [[ $skip ]]; then skip=''; continue; fi\n"
	       "\t\tcase $w in\n\t\t" TAKES_ARG ") skip=1 ;;\n"
	       "\t\t-*) ;;\n\t\t*) verb=$w; break ;;\n\t\tesac\n\tdone\n"
	       "\tcase $prev in\n\t" TAKES_FILE
	       ")\n\t\t" BASH_WORDS("-f") "\n\t\treturn ;;\n\tesac\n");
	printf("\tif [[ $cur == -* ]]; then\n\t\tcase $verb in\n");
	for (size_t i = 0; i < c->nverbs; i++) {
		if (c->verbs[i].options[0] == '\0')
			continue;
		printf("\t\t%s) w='", c->verbs[i].name);
		print_words(&c->verbs[i]);
		printf("' ;;\n");
	}
	printf("\t\t*) w='");
	print_words(NULL);
	printf("' ;;\n\t\tesac\n\t\t" BASH_WORDS(
	    "-W \"$w\"") "\n\t\treturn\n\tfi\n\tcase $verb "
			 "in\n\t'') " BASH_WORDS("-W \"${verbs[*]}\"") " ;;\n");
	for (size_t i = 0; i < c->nverbs; i++)
		bash_operand(&c->verbs[i]);
	printf("\tesac\n}\ncomplete -F _meshctl meshctl\n");
}

/* ---- zsh ---- */

static void
zsh_operand(const struct verb *v)
{
	const char *words = words_of(v->complete);

	if (words != NULL)
		printf("\t%s) compadd -- %s ;;\n", v->name, words);
	else if (v->complete == COMPLETE_PEER)
		printf("\t%s) compadd -- ${(f)\"$(%s)\"} ;;\n", v->name,
		    PEER_NAMES);
	else if (v->complete == COMPLETE_FILE)
		printf("\t%s) _files ;;\n", v->name);
	else if (v->complete == COMPLETE_VERB)
		printf("\t%s) compadd -a verbs ;;\n", v->name);
}

static void
zsh(const struct call *c)
{
	printf("#compdef meshctl\n# zsh completion for meshctl(8), "
	       "made by: meshctl completion zsh\n"
	       "_meshctl()\n{\n\tlocal verb='' skip='' w\n"
	       "\tlocal -a verbs=(\n");
	for (size_t i = 0; i < c->nverbs; i++)
		printf("\t    %s\n", c->verbs[i].name);
	printf("\t)\n\n\tfor w in ${words[2,CURRENT-1]}; do\n"
	       "\t\tif [[ -n $skip ]]; then skip=''; continue; fi\n"
	       "\t\tcase $w in\n\t\t" TAKES_ARG ") skip=1 ;;\n"
	       "\t\t-*) ;;\n\t\t*) verb=$w; break ;;\n\t\tesac\n\tdone\n"
	       "\tcase ${words[CURRENT-1]} in\n\t" TAKES_FILE
	       ") _files; return ;;\n\tesac\n");
	printf("\tif [[ ${words[CURRENT]} == -* ]]; then\n\t\tcase $verb in\n");
	for (size_t i = 0; i < c->nverbs; i++) {
		if (c->verbs[i].options[0] == '\0')
			continue;
		printf("\t\t%s) compadd --", c->verbs[i].name);
		print_words(&c->verbs[i]);
		printf(" ;;\n");
	}
	printf("\t\t*) compadd --");
	print_words(NULL);
	printf(" ;;\n\t\tesac\n\t\treturn\n\tfi\n"
	       "\tcase $verb in\n\t'') compadd -a verbs ;;\n");
	for (size_t i = 0; i < c->nverbs; i++)
		zsh_operand(&c->verbs[i]);
	printf("\tesac\n}\n_meshctl \"$@\"\n");
}

/* ---- fish ---- */

/* The apostrophe of "don't" would end fish's string. */
static void
fish_text(const char *s)
{
	for (; *s != '\0'; s++)
		printf("%s%c", *s == '\'' ? "\\" : "", *s);
}

static void
fish_option(const struct args_option *o)
{
	static const char *const arg[] = {
	    [ARG_NONE] = "", [ARG_WORD] = " -x", [ARG_FILE] = " -r -F"};

	printf(" -%c %s%s -d '", o->name[1] == '\0' ? 's' : 'l', o->name,
	    arg[o->kind]);
	fish_text(o->what);
	printf("'\n");
}

#define FISH_AFTER "complete -c meshctl -n '__fish_seen_subcommand_from %s'"

static void
fish_operand(const struct verb *v)
{
	const char *words = words_of(v->complete);

	if (v->complete == COMPLETE_NONE)
		return;
	printf(FISH_AFTER, v->name);
	if (words != NULL)
		printf(" -a '%s'\n", words);
	else if (v->complete == COMPLETE_PEER)
		printf(" -a '(meshctl -H peers 2>/dev/null | cut -f1 | "
		       "string match -r \"^[A-Za-z0-9][A-Za-z0-9._-]*\\$\")'"
		       "\n");
	else if (v->complete == COMPLETE_FILE)
		printf(" -F\n");
	else
		printf(" -a '(meshctl -H help | cut -f1)'\n");
}

static void
fish(const struct call *c)
{
	const struct args_option *o;
	size_t n;

	printf("# fish completion for meshctl(8), "
	       "made by: meshctl completion fish\n"
	       "complete -c meshctl -f\n");
	o = args_common(&n);
	for (size_t i = 0; i < n; i++) {
		printf("complete -c meshctl");
		fish_option(&o[i]);
	}
	for (size_t i = 0; i < c->nverbs; i++) {
		const struct verb *v = &c->verbs[i];
		const char *list = v->options;

		printf(
		    "complete -c meshctl -n __fish_use_subcommand -a %s -d '",
		    v->name);
		fish_text(v->summary);
		printf("'\n");
		while ((o = args_next(&list)) != NULL) {
			printf(FISH_AFTER, v->name);
			fish_option(o);
		}
		fish_operand(v);
	}
}

/* ---- the verb ---- */

int
verb_completion(const struct call *c)
{
	static const struct {
		const char *name;
		void (*print)(const struct call *);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
	const struct complaint m = {.exit_status = EXIT_USAGE,
	    .code = "usage",
	    .hint = {"meshctl completion bash|zsh|fish"}};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, c->argv[0]) == 0) {
			shells[i].print(c);
			return EXIT_FINE;
		}
	return report_error(c, &m, "no shell \"%s\"", c->argv[0]);
}
