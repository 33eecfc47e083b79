#include <millrace/rules/aggregate.hpp>

#include <array>
#include <utility>

namespace millrace::rules {
namespace {

constexpr std::array<std::pair<std::string_view, aggregate_kind>, 14> names{
    {{"count", aggregate_kind::count},
     {"sum", aggregate_kind::sum},
     {"avg", aggregate_kind::average},
     {"min", aggregate_kind::least},
     {"max", aggregate_kind::greatest},
     {"first", aggregate_kind::first},
     {"last", aggregate_kind::last},
     {"var", aggregate_kind::variance},
     {"stddev", aggregate_kind::deviation},
     {"distinct", aggregate_kind::distinct},
     {"approx_distinct", aggregate_kind::approx_distinct},
     {"quantile", aggregate_kind::quantile},
     {"topk", aggregate_kind::top},
     {"decayed_sum", aggregate_kind::decayed_sum}}};

}  // namespace

std::optional<aggregate_kind> aggregate_named(std::string_view name) noexcept {
  for (const auto& [text, kind] : names)
    if (text == name) return kind;
  return std::nullopt;
}

std::string_view name_of(aggregate_kind kind) noexcept {
  for (const auto& [text, named] : names)
    if (named == kind) return text;
  return "";
}

expr::value_kind aggregate::result() const noexcept {
  const expr::value_kind of = over ? over->kind() : expr::value_kind::integer;
  switch (kind) {
    case aggregate_kind::count:
    case aggregate_kind::distinct:
    case aggregate_kind::approx_distinct: return expr::value_kind::integer;
    case aggregate_kind::average:
    case aggregate_kind::quantile:
      return of == expr::value_kind::duration ? expr::value_kind::duration : expr::value_kind::floating;
    case aggregate_kind::variance:
    case aggregate_kind::deviation:
    case aggregate_kind::decayed_sum: return expr::value_kind::floating;
    default: return of;
  }
}

}  // namespace millrace::rules
