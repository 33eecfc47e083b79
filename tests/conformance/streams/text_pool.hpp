#pragma once

#include "stream_case.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <millrace/stream/record.hpp>
#include <string>

namespace millrace::conformance {

using text = std::uint32_t;

/// Texts by number, as operators take them. Equal texts have equal numbers.
class text_pool {
 public:
  text number_of(const std::string& of) {
    const auto [at, is_new] = numbers_.try_emplace(of, static_cast<text>(texts_.size()));
    if (is_new) texts_.push_back(of);
    return at->second;
  }
  std::optional<text> number_of(const maybe_text& of) { return of ? std::optional(number_of(*of)) : std::nullopt; }

  [[nodiscard]] const std::string& operator[](text number) const { return texts_[number]; }
  [[nodiscard]] maybe_text text_of(std::optional<text> number) const {
    return number ? maybe_text(texts_[*number]) : std::nullopt;
  }

 private:
  std::map<std::string, text> numbers_;
  std::deque<std::string> texts_;
};

/// Kafka Streams orders by the bytes of its keys.
struct text_less {
  const text_pool* texts;
  bool operator()(text a, text b) const { return (*texts)[a] < (*texts)[b]; }
};

using text_record = stream::record<text, text>;

inline text_record record_of(const stream_item& item, text_pool& texts) {
  return {texts.number_of(item.k), texts.number_of(item.v), item.t};
}

inline stream::join_kind kind_of(const stream_case& of) {
  const std::string kind = of.spec.text_or("kind", "inner");
  return kind == "outer"  ? stream::join_kind::outer
         : kind == "left" ? stream::join_kind::left
                          : stream::join_kind::inner;
}

/// More than any case holds at once.
inline constexpr std::uint32_t room = 1U << 14;

/// Writes down what a join of texts hands on.
class joined_outputs {
 public:
  joined_outputs(const stream_case& of, const text_pool& texts) : texts_(&texts), sep_(of.spec.text_or("sep", "+")) {}

  void set_item(std::size_t i) { i_ = static_cast<std::int64_t>(i); }

  void operator()(const stream::joined<text, text, text>& from) {
    stream_output made{i_, texts_->text_of(from.key), std::nullopt, from.time_ns, {}, {}};
    if (from.left != nullptr || from.right != nullptr) made.v = side(from.left) + sep_ + side(from.right);
    outputs.push_back(made);
  }

  std::vector<stream_output> outputs;

 private:
  [[nodiscard]] std::string side(const text* of) const { return of == nullptr ? "null" : (*texts_)[*of]; }

  const text_pool* texts_;
  std::string sep_;
  std::int64_t i_ = 0;
};

}  // namespace millrace::conformance
