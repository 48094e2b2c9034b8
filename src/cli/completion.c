/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion.c - writes for each shell what may follow the words so far: commands, those
 * of a group, and the options of a command. Values of options are left alone, but for
 * files.
 */
#include "cli/completion.h"

#include "base/buf.h"
#include "cli/args.h"
#include "cli/commands.h"

enum { SCRIPT_BYTES = 256 * 1024 };

static const Str completion_shared_options = SI(" --config --json");

/* How a shell writes one thing that may follow. */
typedef void add_wish(struct buf *b, Str word, Str about);

static void wish_plain(struct buf *b, Str word, Str about)
{
    (void)about;
    buf_add_char(b, ' ');
    buf_add(b, word);
}

static void quoted_add(struct buf *b, Str text, Str quote, Str colon)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'') {
            buf_add(b, quote);
        } else if (text.p[i] == ':') {
            buf_add(b, colon);
        } else {
            buf_add_char(b, text.p[i]);
        }
    }
}

static void wish_zsh(struct buf *b, Str word, Str about)
{
    buf_add(b, S(" '"));
    buf_add(b, word);
    buf_add_char(b, ':');
    quoted_add(b, about, S("'\\''"), S("\\:"));
    buf_add_char(b, '\'');
}

static Str command_last_word(const struct command *c)
{
    Str group = command_group(c);

    return group.n == 0 ? c->name : str_sub(c->name, group.n + 1, c->name.n);
}

/* Adds the first words of all commands. */
static void script_add_first(struct buf *b, add_wish *add)
{
    size_t n;
    const struct command *all = command_table(&n);
    Str last = S("");

    for (size_t i = 0; i < n; i++) {
        Str group = command_group(&all[i]);

        if (group.n == 0) {
            add(b, all[i].name, all[i].about);
        } else if (!str_eq(group, last)) {
            add(b, group, S("more commands"));
            last = group;
        }
    }
}

static void script_add_second(struct buf *b, Str group, add_wish *add)
{
    size_t n;
    const struct command *all = command_table(&n);

    for (size_t i = 0; i < n; i++) {
        if (str_eq(command_group(&all[i]), group)) {
            add(b, command_last_word(&all[i]), all[i].about);
        }
    }
}

/* Calls `each` for every group of commands, once. */
static void groups_each(struct buf *b, void (*each)(struct buf *b, Str group))
{
    size_t n;
    const struct command *all = command_table(&n);
    Str last = S("");

    for (size_t i = 0; i < n; i++) {
        Str group = command_group(&all[i]);

        if (group.n > 0 && !str_eq(group, last)) {
            each(b, group);
            last = group;
        }
    }
}

/* Adds the options that have a value, each followed by `behind`. */
static void script_add_valued(struct buf *b, Str behind)
{
    Str name;
    bool has_value;

    for (size_t i = 0; args_option(i, &name, &has_value); i++) {
        if (has_value) {
            buf_add(b, name);
            buf_add(b, behind);
        }
    }
}

static void bash_add_group(struct buf *b, Str group)
{
    buf_add(b, S("    '"));
    buf_add(b, group);
    buf_add(b, S("') wish='"));
    script_add_second(b, group, wish_plain);
    buf_add(b, S("' ;;\n"));
}

/* A row of case for each command: "NAME" or "NAME …" is followed by `before`, its options
 * and `behind`. */
static void script_add_options(struct buf *b, Str before, Str behind)
{
    size_t n;
    const struct command *all = command_table(&n);

    for (size_t i = 0; i < n; i++) {
        buf_add(b, S("    '"));
        buf_add(b, all[i].name);
        buf_add(b, S("'|'"));
        buf_add(b, all[i].name);
        buf_add(b, S(" '*) "));
        buf_add(b, before);
        buf_add(b, all[i].options);
        buf_add(b, completion_shared_options);
        buf_add(b, behind);
        buf_add(b, S(" ;;\n"));
    }
}

Res completion_bash(struct cx *cx, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = SCRIPT_BYTES};

    buf_add(
        &b, S("# bash completion of caldock, made of its tables\n"
              "_caldock()\n{\n"
              "    local word=${COMP_WORDS[COMP_CWORD]} wish='' i\n"
              "    local -a said=()\n"
              "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
              "        case ${COMP_WORDS[i]} in\n        "));
    script_add_valued(&b, S("|"));
    buf_add(
        &b,
        S("--) ((i++)) ;;\n"
          "        -*) ;;\n"
          "        *) said+=(\"${COMP_WORDS[i]}\") ;;\n"
          "        esac\n"
          "    done\n"
          "    COMPREPLY=()\n"
          "    case ${COMP_WORDS[COMP_CWORD-1]} in\n"
          "    --config) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n    "));
    script_add_valued(&b, S("|"));
    buf_add(
        &b,
        S("--) return ;;\n    esac\n    case \"${said[*]}\" in\n    ''|help) wish='"));
    script_add_first(&b, wish_plain);
    buf_add(&b, S("' ;;\n"));
    groups_each(&b, bash_add_group);
    script_add_options(&b, S("wish='"), S("'"));
    buf_add(
        &b, S("    esac\n"
              "    mapfile -t COMPREPLY < <(compgen -W \"$wish\" -- \"$word\")\n"
              "}\ncomplete -F _caldock caldock\n"));
    return buf_done(cx, &b, ret);
}

static void zsh_add_group(struct buf *b, Str group)
{
    buf_add(b, S("    ('"));
    buf_add(b, group);
    buf_add(b, S("') wish=("));
    script_add_second(b, group, wish_zsh);
    buf_add(b, S("); _describe command wish ;;\n"));
}

Res completion_zsh(struct cx *cx, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = SCRIPT_BYTES};

    buf_add(
        &b, S("#compdef caldock\n"
              "# zsh completion of caldock, made of its tables\n"
              "_caldock() {\n"
              "    local -a said wish\n"
              "    local -i i\n"
              "    for ((i = 2; i < CURRENT; i++)); do\n"
              "        case $words[i] in\n        ("));
    script_add_valued(&b, S("|"));
    buf_add(
        &b, S("--) ((i++)) ;;\n"
              "        (-*) ;;\n"
              "        (*) said+=(\"$words[i]\") ;;\n"
              "        esac\n"
              "    done\n"
              "    case $words[CURRENT-1] in\n"
              "    (--config) _files; return ;;\n    ("));
    script_add_valued(&b, S("|"));
    buf_add(
        &b,
        S("--) return ;;\n    esac\n    case \"${(j: :)said}\" in\n    (''|help) wish=("));
    script_add_first(&b, wish_zsh);
    buf_add(&b, S("); _describe command wish ;;\n"));
    groups_each(&b, zsh_add_group);
    script_add_options(&b, S("compadd -- "), S(""));
    buf_add(&b, S("    esac\n}\n_caldock \"$@\"\n"));
    return buf_done(cx, &b, ret);
}

static void fish_add(struct buf *b, Str said, Str word, Str about)
{
    buf_add(b, S("complete -c caldock -n \"__caldock_said '"));
    buf_add(b, said);
    buf_add(b, S("'\" -a "));
    buf_add(b, word);
    buf_add(b, S(" -d '"));
    quoted_add(b, about, S("\\'"), S(":"));
    buf_add(b, S("'\n"));
}

static void fish_wish_first(struct buf *b, Str word, Str about)
{
    fish_add(b, S(""), word, about);
    fish_add(b, S("help"), word, about);
}

static void fish_add_options(struct buf *b, const struct command *c)
{
    Str rest = str_cat(b->mem, c->options, completion_shared_options);
    Str name;

    while (str_next_word(&rest, S(" "), &name)) {
        buf_add(b, S("complete -c caldock -n \"__caldock_in '"));
        buf_add(b, c->name);
        buf_add(b, S("'\" -l "));
        buf_add(b, str_sub(name, S("--").n, name.n));
        buf_add(b, args_option_has_value(name) ? S(" -r") : S(""));
        buf_add(b, str_eq(name, S("--config")) ? S(" -F\n") : S("\n"));
    }
}

Res completion_fish(struct cx *cx, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = SCRIPT_BYTES};
    size_t n;
    const struct command *all = command_table(&n);

    buf_add(
        &b, S("# fish completion of caldock, made of its tables\n"
              "function __caldock_words\n"
              "    set -l skip 0\n"
              "    for word in (commandline -opc)[2..-1]\n"
              "        if test $skip = 1\n"
              "            set skip 0\n"
              "        else if contains -- $word "));
    script_add_valued(&b, S(" "));
    buf_add(
        &b, S("\n"
              "            set skip 1\n"
              "        else if not string match -q -- '-*' $word\n"
              "            echo $word\n"
              "        end\n"
              "    end\n"
              "end\n"
              "function __caldock_said\n"
              "    set -l said (string join ' ' (__caldock_words))\n"
              "    test \"$said\" = \"$argv[1]\"\n"
              "end\n"
              "function __caldock_in\n"
              "    set -l said (string join ' ' (__caldock_words))\n"
              "    string match -q -- \"$argv[1] *\" \"$said \"\n"
              "end\n"
              "complete -c caldock -f\n"));
    script_add_first(&b, fish_wish_first);
    for (size_t i = 0; i < n; i++) {
        Str group = command_group(&all[i]);

        if (group.n > 0) {
            fish_add(&b, group, command_last_word(&all[i]), all[i].about);
        }
        fish_add_options(&b, &all[i]);
    }
    return buf_done(cx, &b, ret);
}
