#pragma once

#include <millrace/cep/key_directory.hpp>
#include <millrace/event/event_header.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>

namespace millrace {

/// What events may be partitioned by: values that are equal exactly when their bytes are, such as integers, enums,
/// `fixed_string`s, and structs of these without padding.
template <class Key>
concept partition_key =
    std::is_trivially_copyable_v<Key> && std::has_unique_object_representations_v<Key> && !std::is_pointer_v<Key> &&
    !std::is_same_v<Key, std::string_view>;

namespace detail {

/// All events are one partition.
struct one_partition {
  static constexpr bool keyed = false;
};

/// Events are partitioned by what a member pointer or a callable gives.
template <class KeyOf>
struct partition_by {
  static constexpr bool keyed = true;
  KeyOf key_of;

  template <class T>
  [[nodiscard]] auto operator()(const T& data) const noexcept {
    static_assert(std::is_invocable_v<const KeyOf&, const T&>,
                  "key_by: expected a data member of the event or a callable that takes (const T&)");
    using key = std::remove_cvref_t<std::invoke_result_t<const KeyOf&, const T&>>;
    static_assert(partition_key<key>,
                  "key_by: the key is compared as bytes; expected an integer, an enum, a fixed_string or a struct of "
                  "these without "
                  "padding (not a pointer, a std::string_view or a floating-point number)");
    return key(std::invoke(key_of, data));
  }
};

template <class Key>
[[nodiscard]] std::span<const std::byte> bytes_of(const Key& key) noexcept {
  return std::as_bytes(std::span<const Key, 1>(&key, 1));
}

}  // namespace detail
}  // namespace millrace
