#include <millrace/feed/json_index.hpp>

#include <millrace/base/error.hpp>

#include <simdjson.h>
#include <algorithm>
#include <bit>

namespace millrace::feed {

struct json_index::parser {
  bool is_scalar_kernel = simdjson::get_active_implementation()->name() == "fallback";
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

json_index::json_index() : parser_(std::make_unique<parser>()) {}
json_index::~json_index() = default;

const char* json_index::build(std::string_view text) {
  auto& stages = parser_->stages;
  if (!stages || stages->capacity() < text.size()) {
    const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(text.size(), 64 * 1024));
    const auto failed = simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, stages);
    if (failed != simdjson::SUCCESS)
      throw error("simdjson: no memory for a record of " + std::to_string(text.size()) + " bytes");
  }
  begin_ = end_ = nullptr;
  const auto failed =
      stages->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
  if (failed != simdjson::SUCCESS) return simdjson::error_message(failed);
  // Its scalar kernel takes any character behind a backslash, also one that ends the line.
  if (parser_->is_scalar_kernel && text.find("\\\n") != std::string_view::npos) return "a string holds a line feed";
  begin_ = stages->structural_indexes.get();
  end_ = begin_ + stages->n_structural_indexes;
  return nullptr;
}

char* json_index::unescape(const char* from, char* into) const noexcept {
  return reinterpret_cast<char*>(parser_->stages->parse_string(reinterpret_cast<const std::uint8_t*>(from),
                                                               reinterpret_cast<std::uint8_t*>(into)));
}

}  // namespace millrace::feed
