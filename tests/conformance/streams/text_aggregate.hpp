#pragma once

#include "integer_of.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::conformance {

/// Texts by numbers, so that keys and values of any length are trivially copyable. Equal texts have equal numbers.
class text_numbers {
 public:
  std::uint32_t number_of(const std::string& text) {
    const auto [at, is_new] = numbers_.emplace(text, static_cast<std::uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(text);
    return at->second;
  }
  [[nodiscard]] const std::string& text(std::uint32_t number) const { return texts_[number]; }

  /// Aggregates may not throw: they note what they could not take, and a run asks in its end.
  void note(std::string fault) { fault_ = std::move(fault); }
  void check() const {
    if (!fault_.empty()) throw std::runtime_error(fault_);
  }

 private:
  std::string fault_;
  std::map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> texts_;
};

/// Keys as Kafka Streams' stores order them.
struct text_order {
  std::shared_ptr<text_numbers> texts;

  bool operator()(std::uint32_t a, std::uint32_t b) const { return texts->text(a) < texts->text(b); }
};

/// The cases' aggregators: `count`, `sum`, `concat` and `reduce`, as the README of the cases has them.
class text_aggregate {
 public:
  using input_type = std::optional<std::uint32_t>;
  struct state {
    std::int64_t number;
    std::uint32_t text;
    bool has_value;
  };
  static constexpr std::size_t inline_state_bytes = sizeof(state);

  text_aggregate(std::shared_ptr<text_numbers> texts, std::string what, std::string init)
      : texts_(std::move(texts)), what_(std::move(what)), init_(std::move(init)) {}

  [[nodiscard]] std::size_t state_bytes() const noexcept { return inline_state_bytes; }

  void begin(std::byte* at) noexcept {
    const bool is_concat = what_ == "concat";
    put(at, {0, is_concat ? texts_->number_of(init_) : 0, what_ != "reduce"});
  }
  void add(std::byte* at, const input_type& input, std::int64_t, std::uint64_t) noexcept {
    const std::string added = input ? texts_->text(*input) : "null";
    state of = get(at);
    if (what_ == "count")
      ++of.number;
    else if (what_ == "sum")
      sum(of, input ? added : "0");
    else if (what_ == "concat" || of.has_value)
      append(of, added);
    else if (input)
      of = {0, *input, true};
    put(at, of);
  }
  void merge(std::byte* into, const std::byte* later) noexcept {
    state of = get(into);
    const state with = get(later);
    sum(of, std::to_string(with.number));
    if ((what_ == "concat" || what_ == "reduce") && with.has_value) append(of, texts_->text(with.text));
    put(into, of);
  }
  void copy(std::byte* into, const std::byte* from) noexcept { std::memcpy(into, from, sizeof(state)); }
  void end(std::byte*) noexcept {}
  [[nodiscard]] bool is_nothing(const std::byte* at) const noexcept { return !get(at).has_value; }

  [[nodiscard]] std::optional<std::string> value(const std::byte* at) const {
    const state of = get(at);
    if (what_ == "count" || what_ == "sum") return std::to_string(of.number);
    return of.has_value ? std::optional(texts_->text(of.text)) : std::nullopt;
  }

 private:
  static state get(const std::byte* at) noexcept {
    state of;
    std::memcpy(&of, at, sizeof of);
    return of;
  }
  static void put(std::byte* at, const state& of) noexcept { std::memcpy(at, &of, sizeof of); }

  void sum(state& of, const std::string& added) {
    const auto number = maybe_integer_of(added);
    if (!number || __builtin_add_overflow(of.number, *number, &of.number))
      texts_->note("sum: found '" + added + "', expected an integer, and a sum of 64 bits");
  }

  void append(state& of, const std::string& added) {
    of.text = texts_->number_of(of.has_value ? texts_->text(of.text) + "+" + added : added);
    of.has_value = true;
  }

  std::shared_ptr<text_numbers> texts_;
  std::string what_;
  std::string init_;
};

}  // namespace millrace::conformance
