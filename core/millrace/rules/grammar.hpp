#pragma once

#include <string_view>

#include <tao/pegtl.hpp>

/// The grammar of the rules language. A rule with a `label` is what messages call a token: when the text fits
/// no rule, the labels tried at the furthest place are what was expected there.
namespace millrace::rules::grammar {

using namespace tao::pegtl;

// --- tokens ---------------------------------------------------------------------------------------------

struct comment : seq<one<'#'>, until<eolf>> {};
struct gap : star<sor<space, comment>> {};

struct ident_first : ranges<'a', 'z', 'A', 'Z', '_', '_'> {};
struct ident_other : ranges<'a', 'z', 'A', 'Z', '0', '9', '_', '_'> {};
struct plain_name : seq<ident_first, star<ident_other>> {};
struct quoted_name : seq<one<'`'>, plus<not_one<'`', '\n'>>, one<'`'>> {};

template <char... C>
struct word : seq<string<C...>, not_at<ident_other>> {};
template <class Rule>
struct token : seq<Rule, gap> {};

#define MILLRACE_TOKEN(rule, text, ...)             \
  struct rule : __VA_ARGS__ {                       \
    static constexpr std::string_view label = text; \
  }

// Words that an expression cannot use as a name without back-quotes.
struct reserved : sor<word<'a', 'n', 'd'>, word<'o', 'r'>, word<'n', 'o', 't'>, word<'i', 'n'>,
                      word<'t', 'r', 'u', 'e'>, word<'f', 'a', 'l', 's', 'e'>> {};

MILLRACE_TOKEN(name, "a name", sor<quoted_name, plain_name>);
MILLRACE_TOKEN(operand_name, "an expression", sor<quoted_name, seq<not_at<reserved>, plain_name>>);
MILLRACE_TOKEN(stage_name, "a stage's name", sor<quoted_name, seq<not_at<word<'n', 'o', 't'>>, plain_name>>);

MILLRACE_TOKEN(integer, "a number", seq<plus<digit>, not_at<sor<ident_first, seq<one<'.'>, digit>>>>);
struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, plus<digit>> {};
struct floating : seq<plus<digit>, sor<seq<one<'.'>, plus<digit>, opt<exponent>>, exponent>, not_at<ident_first>> {};
struct duration_unit : sor<string<'n', 's'>, string<'u', 's'>, string<'m', 's'>, one<'s', 'm', 'h', 'd'>> {};
MILLRACE_TOKEN(duration, "a duration (like 250ms, 5s, 10m, 1h, 7d)",
               seq<plus<digit>, duration_unit, not_at<ident_other>>);
struct duration_literal : seq<plus<digit>, duration_unit, not_at<ident_other>> {};
struct integer_literal : seq<plus<digit>, not_at<sor<ident_first, seq<one<'.'>, digit>>>> {};
struct escaped : seq<one<'\\'>, one<'"', '\\', 'n', 't', 'r'>> {};
struct text : seq<one<'"'>, star<sor<escaped, not_one<'"', '\\', '\n'>>>, one<'"'>> {};
struct truth : word<'t', 'r', 'u', 'e'> {};
struct falsehood : word<'f', 'a', 'l', 's', 'e'> {};

MILLRACE_TOKEN(open_brace, "'{'", one<'{'>);
MILLRACE_TOKEN(close_brace, "'}'", one<'}'>);
MILLRACE_TOKEN(open_bracket, "'('", one<'('>);
MILLRACE_TOKEN(close_bracket, "')'", one<')'>);
MILLRACE_TOKEN(colon, "':'", one<':'>);
MILLRACE_TOKEN(comma, "','", one<','>);
MILLRACE_TOKEN(dot, "'.'", one<'.'>);
MILLRACE_TOKEN(assign, "'='", seq<one<'='>, not_at<one<'='>>>);

#define MILLRACE_WORD(rule, text, ...) MILLRACE_TOKEN(rule, text, word<__VA_ARGS__>)
MILLRACE_WORD(kw_event, "'event'", 'e', 'v', 'e', 'n', 't');
MILLRACE_WORD(kw_pattern, "'pattern'", 'p', 'a', 't', 't', 'e', 'r', 'n');
MILLRACE_WORD(kw_time, "'time'", 't', 'i', 'm', 'e');
MILLRACE_WORD(kw_when, "'when'", 'w', 'h', 'e', 'n');
MILLRACE_WORD(kw_on, "'on'", 'o', 'n');
MILLRACE_WORD(kw_by, "'by'", 'b', 'y');
MILLRACE_WORD(kw_within, "'within'", 'w', 'i', 't', 'h', 'i', 'n');
MILLRACE_WORD(kw_between, "'between'", 'b', 'e', 't', 'w', 'e', 'e', 'n');
MILLRACE_WORD(kw_events, "'events'", 'e', 'v', 'e', 'n', 't', 's');
MILLRACE_WORD(kw_next, "'next'", 'n', 'e', 'x', 't');
MILLRACE_WORD(kw_then, "'then'", 't', 'h', 'e', 'n');
MILLRACE_WORD(kw_not, "'not'", 'n', 'o', 't');
MILLRACE_WORD(kw_is, "'is'", 'i', 's');
MILLRACE_WORD(kw_greedy, "'greedy'", 'g', 'r', 'e', 'e', 'd', 'y');
MILLRACE_WORD(kw_strict, "'strict'", 's', 't', 'r', 'i', 'c', 't');
MILLRACE_WORD(kw_any, "'any'", 'a', 'n', 'y');
MILLRACE_WORD(kw_until, "'until'", 'u', 'n', 't', 'i', 'l');
MILLRACE_WORD(kw_skip, "'skip'", 's', 'k', 'i', 'p');
MILLRACE_WORD(kw_none, "'none'", 'n', 'o', 'n', 'e');
MILLRACE_WORD(kw_past, "'past'", 'p', 'a', 's', 't');
MILLRACE_WORD(kw_to, "'to'", 't', 'o');
MILLRACE_WORD(kw_first, "'first'", 'f', 'i', 'r', 's', 't');
MILLRACE_WORD(kw_last, "'last'", 'l', 'a', 's', 't');
MILLRACE_WORD(kw_select, "'select'", 's', 'e', 'l', 'e', 'c', 't');
MILLRACE_WORD(kw_timeout, "'timeout'", 't', 'i', 'm', 'e', 'o', 'u', 't');
MILLRACE_WORD(kw_arrival, "'arrival'", 'a', 'r', 'r', 'i', 'v', 'a', 'l');
MILLRACE_WORD(kw_out, "'out'", 'o', 'u', 't');
MILLRACE_WORD(kw_of, "'of'", 'o', 'f');
MILLRACE_WORD(kw_order, "'order'", 'o', 'r', 'd', 'e', 'r');
MILLRACE_WORD(kw_watermarks, "'watermarks'", 'w', 'a', 't', 'e', 'r', 'm', 'a', 'r', 'k', 's');
MILLRACE_WORD(kw_or, "an operator", 'o', 'r');
MILLRACE_WORD(kw_and, "an operator", 'a', 'n', 'd');
MILLRACE_WORD(kw_in, "'in'", 'i', 'n');
MILLRACE_WORD(kw_window, "'window'", 'w', 'i', 'n', 'd', 'o', 'w');
MILLRACE_WORD(kw_where, "'where'", 'w', 'h', 'e', 'r', 'e');
MILLRACE_WORD(kw_tumbling, "'tumbling'", 't', 'u', 'm', 'b', 'l', 'i', 'n', 'g');
MILLRACE_WORD(kw_hopping, "'hopping'", 'h', 'o', 'p', 'p', 'i', 'n', 'g');
MILLRACE_WORD(kw_sliding, "'sliding'", 's', 'l', 'i', 'd', 'i', 'n', 'g');
MILLRACE_WORD(kw_session, "'session'", 's', 'e', 's', 's', 'i', 'o', 'n');
MILLRACE_WORD(kw_gap, "'gap'", 'g', 'a', 'p');
MILLRACE_WORD(kw_count, "'count'", 'c', 'o', 'u', 'n', 't');
MILLRACE_WORD(kw_every, "'every'", 'e', 'v', 'e', 'r', 'y');
MILLRACE_WORD(kw_grace, "'grace'", 'g', 'r', 'a', 'c', 'e');
MILLRACE_WORD(kw_emit, "'emit'", 'e', 'm', 'i', 't');
MILLRACE_WORD(kw_final, "'final'", 'f', 'i', 'n', 'a', 'l');
MILLRACE_WORD(kw_updates, "'updates'", 'u', 'p', 'd', 'a', 't', 'e', 's');
#undef MILLRACE_WORD

// --- expressions ----------------------------------------------------------------------------------------

MILLRACE_TOKEN(comparison_sign, "an operator",
               sor<string<'=', '='>, string<'!', '='>, string<'<', '='>, string<'>', '='>, one<'<'>, one<'>'>>);
MILLRACE_TOKEN(addition_sign, "an operator", one<'+', '-'>);
MILLRACE_TOKEN(multiplication_sign, "an operator", one<'*', '/', '%'>);
struct minus_sign : one<'-'> {};
struct not_word : word<'n', 'o', 't'> {};
struct not_in_words : seq<not_word, gap, word<'i', 'n'>> {};
struct in_word : word<'i', 'n'> {};

struct expression;
struct bracketed : seq<token<one<'('>>, expression, token<close_bracket>> {};
struct arguments : seq<token<one<'('>>, opt<list<expression, token<comma>>>, token<close_bracket>> {};
struct call : seq<operand_name, gap, arguments> {};
struct member : seq<operand_name, gap, one<'.'>, gap, name> {};
struct plain_field : seq<operand_name> {};
struct literal : sor<duration_literal, floating, integer_literal, text, truth, falsehood> {};
struct primary : sor<bracketed, token<literal>, token<seq<member>>, token<call>, token<plain_field>> {};
struct negation : seq<star<token<minus_sign>>, primary> {};
struct product : list<negation, token<multiplication_sign>> {};
struct sum : list<product, token<addition_sign>> {};
struct value_list : seq<token<open_bracket>, list<expression, token<comma>>, token<close_bracket>> {};
struct stage_field : token<seq<name, gap, dot, gap, name>> {};
struct membership : seq<token<sor<in_word, not_in_words>>, sor<value_list, stage_field>> {};
struct comparison_tail : seq<token<comparison_sign>, sum> {};
struct comparison : seq<sum, opt<sor<comparison_tail, membership>>> {};
struct inversion : seq<star<token<not_word>>, comparison> {};
struct conjunction : list<inversion, token<kw_and>> {};
struct expression : list<conjunction, token<kw_or>> {};

// --- events and time ------------------------------------------------------------------------------------

struct capacity : integer_literal {};
struct type_argument : seq<token<one<'('>>, token<sor<capacity, name>>, token<close_bracket>> {};
MILLRACE_TOKEN(type_name, "a type (bool, i8 … u64, f32, f64, string(N), timestamp, duration)", plain_name);
struct field_type : seq<token<type_name>, opt<type_argument>> {};
struct signed_literal : seq<opt<token<minus_sign>>, token<literal>> {};
struct fallback : seq<token<assign>, signed_literal> {};
struct field : seq<token<name>, token<colon>, field_type, opt<fallback>> {};
struct when : seq<token<kw_when>, expression> {};
struct event : seq<token<kw_event>, token<name>, opt<when>, token<open_brace>, plus<field>, token<close_brace>> {};

struct time_arrival : token<kw_arrival> {};
struct time_out_of_order : seq<token<kw_out>, token<kw_of>, token<kw_order>, token<duration>> {};
struct time_watermarks : token<kw_watermarks> {};
struct time : seq<token<kw_time>, sor<time_arrival, time_out_of_order, time_watermarks>> {};

// --- patterns -------------------------------------------------------------------------------------------

MILLRACE_TOKEN(open_quantifier, "a quantifier", one<'{'>);
MILLRACE_TOKEN(least, "a number", integer_literal);
MILLRACE_TOKEN(most, "a number", integer_literal);
MILLRACE_TOKEN(count_open, "','", one<','>);
struct counted : seq<token<open_quantifier>, token<least>, opt<token<count_open>, opt<token<most>>>, close_brace> {};
struct plus_sign : one<'+'> {};
struct star_sign : one<'*'> {};
struct question_sign : one<'?'> {};
struct quantifier
    : seq<sor<seq<counted, opt<question_sign>>, seq<plus_sign, opt<question_sign>>, star_sign, question_sign>> {};

struct stage_type : seq<token<kw_is>, token<name>> {};
struct greedy : token<kw_greedy> {};
struct strict : token<kw_strict> {};
struct any : token<kw_any> {};
struct until_clause : seq<token<kw_until>, token<open_bracket>, expression, token<close_bracket>> {};
struct stage_within : seq<token<kw_within>, token<duration>> {};
// A second quantifier, or one behind a modifier: read so that the message can say what to write.
struct late_quantifier : seq<at<one<'{', '+', '*', '?'>>, quantifier, gap> {};
struct modifiers : star<sor<late_quantifier, stage_type, greedy, strict, any, until_clause, stage_within>> {};
struct condition : seq<token<colon>, expression> {};

// Behind all ( … ), and on its members, more is read than may stand there, so that the message can say what to write.
struct sequence;
struct group;
struct any_order;
struct single;
struct link;
struct link_ahead : at<sor<word<'n', 'o', 't'>, word<'n', 'e', 'x', 't'>, word<'t', 'h', 'e', 'n'>>> {};
struct any_order_member : sor<seq<link_ahead, link, sor<any_order, group, single>>, any_order, group, single> {};
struct any_order_members
    : seq<any_order_member, star<sor<seq<token<comma>, any_order_member>, seq<link_ahead, any_order_member>>>> {};
struct all_word : seq<word<'a', 'l', 'l'>, gap, at<one<'('>>> {};
struct group
    : seq<token<open_bracket>, sequence, token<close_bracket>, opt<quantifier>, gap, modifiers, opt<condition>> {};
struct single : seq<stage_name, gap, opt<quantifier>, gap, modifiers, opt<condition>> {};
struct any_order : seq<all_word, token<open_bracket>, opt<any_order_members>, token<close_bracket>, opt<quantifier>,
                       gap, modifiers, opt<condition>> {};
struct stage_body : sor<any_order, group, single> {};

struct any_follows : seq<word<'a', 'n', 'y'>, gap, at<sor<plain_name, one<'(', '`'>>>> {};
struct link_not_next : seq<token<kw_not>, token<kw_next>> {};
struct link_not_then : seq<token<kw_not>, token<kw_then>> {};
struct link_next : token<kw_next> {};
struct link_then_any : seq<token<kw_then>, any_follows> {};
struct link_then : token<kw_then> {};
struct link : sor<link_not_next, link_not_then, link_next, link_then_any, link_then> {};
struct linked_stage : seq<link, stage_body> {};
struct first_stage : seq<stage_body> {};
struct sequence : seq<first_stage, star<linked_stage>> {};

struct skip_none : token<kw_none> {};
struct skip_next : token<kw_next> {};
struct skip_past_last : seq<token<kw_past>, token<kw_last>> {};
struct skip_to_first : seq<token<kw_to>, token<kw_first>, token<name>> {};
struct skip_to_last : seq<token<kw_to>, token<kw_last>, token<name>> {};
struct skip : seq<token<kw_skip>, sor<skip_none, skip_next, skip_past_last, skip_to_first, skip_to_last>> {};
struct select_item : seq<token<name>, opt<seq<token<assign>, expression>>> {};
struct select : seq<token<kw_select>, list<select_item, token<comma>>> {};
struct on_timeout : seq<token<kw_on>, token<kw_timeout>, opt<select>> {};

struct on_list : seq<token<kw_on>, list<token<name>, token<comma>>> {};
struct by_list : seq<token<kw_by>, list<token<name>, token<comma>>> {};
struct between_events : seq<token<kw_between>, token<kw_events>> {};
struct within : seq<token<kw_within>, token<duration>, opt<between_events>> {};
struct pattern : seq<token<kw_pattern>, token<name>, on_list, opt<by_list>, opt<within>, token<open_brace>, sequence,
                     opt<skip>, opt<select>, opt<on_timeout>, token<close_brace>> {};

// --- windows --------------------------------------------------------------------------------------------

MILLRACE_TOKEN(event_count, "a number", integer_literal);
struct where : seq<token<kw_where>, expression> {};
struct tumbling : seq<token<kw_tumbling>, token<duration>> {};
struct hopping : seq<token<kw_hopping>, token<duration>, token<kw_every>, token<duration>> {};
struct sliding : seq<token<kw_sliding>, token<duration>> {};
struct session : seq<token<kw_session>, token<kw_gap>, token<duration>> {};
struct by_count : seq<token<kw_count>, token<event_count>, opt<seq<token<kw_every>, token<event_count>>>> {};
struct grace : seq<token<kw_grace>, token<duration>> {};
struct emit_final : token<kw_final> {};
struct emit_updates : token<kw_updates> {};
struct emit : seq<token<kw_emit>, sor<emit_final, emit_updates>> {};
struct window
    : seq<token<kw_window>, token<name>, token<kw_on>, token<name>, opt<where>, opt<by_list>, token<open_brace>,
          sor<tumbling, hopping, sliding, session, by_count>, opt<grace>, opt<emit>, select, token<close_brace>> {};

MILLRACE_TOKEN(end_of_file, "the end of the file", eof);
struct file : seq<gap, star<sor<event, pattern, window, time>>, end_of_file> {};

#undef MILLRACE_TOKEN

}  // namespace millrace::rules::grammar
